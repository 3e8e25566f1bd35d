import type { Entry } from "@rollcall/identity-core";
import type { SrxProfile } from "../profile.ts";
import { readAnswerDocument } from "./answer-document.ts";
import { classifyPairs, headerIn } from "./classify-pairs.ts";
import { inferCookie } from "./infer-cookie.ts";
import { type ReportedEntry, readAnswer } from "./read-answer.ts";
import type { RecordedPair } from "./recorded-pair.ts";

/** How far our encoder, with a profile, writes what was recorded. */
export interface ProfileCheck {
  /** Recorded answers with a readable body to batch and address queries. */
  readonly answers: number;
  /** Of these, written again byte for byte. */
  readonly equal: number;
  /** The first that differs: its pair, and both texts. */
  readonly firstDifference: {
    readonly number: number;
    readonly recorded: string;
    readonly ours: string;
  } | null;
}

/**
 * Reads each recorded answer with a profile and writes it again with our encoder: the proof that a profile is right.
 *
 * Shape:  the body and, for batches, the cookie's `Set-Cookie` and header are compared.
 */
export function checkProfile(recorded: readonly RecordedPair[], profile: SrxProfile): ProfileCheck {
  const pairs = classifyPairs(recorded);
  const { places } = inferCookie(pairs);
  let answers = 0;
  let equal = 0;
  let firstDifference: ProfileCheck["firstDifference"] = null;
  for (const { kind, pair, status, answer } of pairs) {
    const { response } = pair;
    if ((kind !== "batch" && kind !== "ip" && kind !== "user") || response === null || answer === null)
      continue;
    if (status !== 200 && !(status === 404 && profile.document.unknownIp === "notFound404")) continue;
    if (readAnswerDocument(answer) === null) continue;
    answers += 1;
    const reading = readAnswer(answer, profile.document);
    if (reading.kind === "malformed" || reading.rejected > 0) {
      firstDifference ??= {
        number: pair.number,
        recorded: answer,
        ours: reading.kind === "malformed" ? reading.reason : "an entry could not be read",
      };
      continue;
    }
    const entries = reading.entries.map((entry, index) => entryOf(entry, index + 1));
    const cookie = reading.cookie ?? cookieOf(response, places);
    const ours =
      kind === "batch" ? profile.encodeBatch(entries, cookie) : profile.encodeIp(entries[0] ?? null);
    const written = kind === "batch" ? withCookies(ours.body, ours.headers) : ours.body;
    const stood =
      kind === "batch"
        ? withCookies(
            answer,
            response.headers.filter(([name]) => isCookieHeader(name, profile)),
          )
        : answer;
    if (written === stood) equal += 1;
    else firstDifference ??= { number: pair.number, recorded: stood, ours: written };
  }
  return { answers, equal, firstDifference };

  function withCookies(body: string, headers: readonly (readonly [string, string])[]): string {
    const kept = headers
      .filter(([name]) => isCookieHeader(name, profile))
      .map(([name, value]) => `${name.toLowerCase()}: ${value}\n`);
    return kept.join("") + body;
  }
}

function isCookieHeader(name: string, { document: { batch } }: SrxProfile): boolean {
  const plain = name.toLowerCase();
  return (
    (plain === "set-cookie" && batch.cookieOut.includes("setCookie")) ||
    (plain === batch.cookieHeader.toLowerCase() && batch.cookieOut.includes("header"))
  );
}

function cookieOf(
  response: NonNullable<RecordedPair["response"]>,
  places: ReturnType<typeof inferCookie>["places"],
): string {
  for (const place of places) {
    if (place.kind === "setCookie") {
      const found = new RegExp(`^${place.name.replace(/[^\w-]/g, "\\$&")}=([^;]*)`).exec(
        headerIn(response, "set-cookie"),
      )?.[1];
      if (found !== undefined) return found;
    }
    if (place.kind === "header") return headerIn(response, place.name.toLowerCase());
  }
  return "";
}

/** An entry of ours that says what was reported: what a profile does not tell is left at nothing. */
export function entryOf(reported: ReportedEntry, revision: number): Entry {
  const { ip, domain, user, roles, device, deviceGroups, attributes, source } = reported;
  const at = reported.atMs ?? 0;
  const isLogon = reported.kind === "logon";
  const isNamed = user !== "";
  return {
    addressSpaceId: "recorded",
    ip,
    revision,
    changedAt: at,
    domainsSeen: domain === "" ? [] : [domain],
    user:
      isLogon && isNamed
        ? {
            principalKey: user,
            domain,
            name: user,
            groups: roles,
            since: at,
            lastSeenAt: at,
            expiresAt: at,
            class: "A",
            sourceId: "recorded",
            sourceLabel: source,
            rule: "recorded",
            observationId: `recorded#${revision}`,
            ...(attributes.netbiosDomain === undefined ? {} : { netbiosDomain: attributes.netbiosDomain }),
            ...(attributes.upn === undefined ? {} : { upn: attributes.upn }),
          }
        : null,
    device:
      isLogon && device !== ""
        ? {
            principalKey: device,
            domain,
            name: device,
            groups: deviceGroups,
            since: at,
            expiresAt: at,
            ...(attributes.deviceCategory === undefined ? {} : { category: attributes.deviceCategory }),
            ...(attributes.deviceVendor === undefined ? {} : { vendor: attributes.deviceVendor }),
            ...(attributes.deviceModel === undefined ? {} : { model: attributes.deviceModel }),
            ...(attributes.deviceOs === undefined ? {} : { os: attributes.deviceOs }),
            ...(attributes.deviceOsVersion === undefined ? {} : { osVersion: attributes.deviceOsVersion }),
          }
        : null,
    ...(!isLogon && isNamed ? { lastUser: { domain, name: user } } : {}),
  };
}
