import type { Entry, EpochMs, IpAddress } from "@rollcall/identity-core";
import type { CleaningFlag } from "../clean-text.ts";
import type { RequestDialect } from "../decode-request.ts";
import { joinBatch } from "../join-batch.ts";
import type { AskedAddress, BatchFrame, EncodedEntry, SrxProfile } from "../profile.ts";
import { respond, type SrxResponse } from "../response.ts";
import { utf8Length } from "../utf8.ts";
import { viewer } from "./entry-view.ts";
import { jsonText, jsonWriter, xmlText, xmlWriter } from "./entry-writer.ts";
import type { SrxProfileDocument } from "./profile-document.ts";

export interface ProfileIdentity {
  readonly id: string;
  readonly key: string;
  readonly name: string;
  /** What is said as the source of an entry that names none. */
  readonly defaultSource: string;
}

const XML_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>';
const NO_FLAGS: EncodedEntry["flags"] = [];
const NO_PARAMETERS: ReadonlySet<string> = new Set();

/**
 * Makes the encoder of a document that was read and found right.
 *
 * Shape:  one code for all families, the built-in ones included: what differs stands in the document.
 */
export function compileProfile(document: SrxProfileDocument, identity: ProfileIdentity): SrxProfile {
  const { body, batch, token, limits } = document;
  const contentType = body.contentType ?? (body.kind === "json" ? "application/json" : "application/xml");
  const write = body.kind === "json" ? jsonWriter(body) : xmlWriter(body);
  const { defaultSource } = identity;
  const view = viewer(document, defaultSource, body.kind === "json" ? jsonText : xmlText);

  const encodeEntry = (entry: Entry): EncodedEntry => {
    const flags = new Set<CleaningFlag>();
    const text = write(view(entry, flags));
    return { text, bytes: utf8Length(text), flags: flags.size === 0 ? NO_FLAGS : [...flags] };
  };
  const single = singleFrame(body);
  const ok = (text: string): SrxResponse =>
    respond(200, "OK", contentType, single.before + text + single.after);
  const empty =
    single.before === "" ? (body.kind === "json" ? "{}" : `<${body.itemKey}></${body.itemKey}>`) : "";
  const emptyDocument = ok(empty);
  const unknownAddress = respond(404, "Not Found", contentType, emptyDocument.body);
  const isTold = (entry: Entry): boolean =>
    entry.user !== null || (entry.device !== null && body.deviceOnly !== "skip");

  const encodeUnknown = (asked: AskedAddress | undefined): SrxResponse => {
    if (document.unknownIp === "notFound404") return unknownAddress;
    if (document.unknownIp === "empty200" || asked === undefined) return emptyDocument;
    return ok(write({ ...NOBODY, ip: asked.ip, at: asked.at, source: defaultSource }));
  };

  const frameBatch = batchFrame(document, contentType);
  return {
    ...identity,
    document,
    dialect: dialectOf(batch),
    limits: { entries: limits.entries, ipv6: limits.ipv6, batchEntries: batch.maxEntries },
    token: { accept: token.accept, ttlSecondsMax: token.ttlSeconds, format: token.format },
    encodeEntry,
    frameBatch,
    encodeBatch: (entries, cookie, encode = encodeEntry) =>
      joinBatch(frameBatch(cookie), entries.map(encode)),
    encodeIp(entry, encode = encodeEntry, asked = undefined) {
      return entry !== null && isTold(entry) ? ok(encode(entry).text) : encodeUnknown(asked);
    },
    // Source: RFC 6749, section 5.1 (documented); `expires_in` as a text is what some servers send.
    encodeToken(accessToken, expiresInSeconds) {
      const answer = {
        access_token: accessToken,
        token_type: "Bearer",
        expires_in: token.expiresInAs === "string" ? String(expiresInSeconds) : expiresInSeconds,
      };
      return respond(200, "OK", "application/json", JSON.stringify(answer));
    },
    emptyDocument,
  };
}

/** The address is known to have nobody: said as an entry with an empty user. */
const NOBODY = {
  kind: "logon",
  at: 0 as EpochMs,
  revision: 0,
  source: "",
  ip: "" as IpAddress,
  domain: "",
  netbiosDomain: "",
  user: "",
  upn: "",
  roles: [],
  device: null,
} as const;

/** What stands around one entry, or around none. */
function singleFrame({ kind, listKey, wrapSingle }: SrxProfileDocument["body"]) {
  const isBare = !wrapSingle;
  if (kind === "json") {
    if (isBare) return { before: "", after: "" };
    return listKey === null
      ? { before: "[", after: "]" }
      : { before: `{${jsonText(listKey)}:[`, after: "]}" };
  }
  return isBare
    ? { before: XML_DECLARATION, after: "" }
    : { before: `${XML_DECLARATION}<${listKey}>`, after: `</${listKey}>` };
}

function batchFrame(
  { body, batch }: SrxProfileDocument,
  contentType: string,
): (cookie: string) => BatchFrame {
  const places = new Set(batch.cookieOut);
  const { listKey } = body;
  const isInBody = places.has("body") && listKey !== null;
  const headersOf = (cookie: string): BatchFrame["headers"] => [
    ...(places.has("setCookie")
      ? [["Set-Cookie", `${batch.cookieName}=${cookie}; Path=${batch.cookiePath}`] as const]
      : []),
    ...(places.has("header") ? [[batch.cookieHeader, cookie] as const] : []),
  ];
  if (body.kind === "xml") {
    return (cookie) => ({
      contentType,
      headers: headersOf(cookie),
      before: `${XML_DECLARATION}<${listKey}${isInBody ? ` ${batch.cookieBodyKey}="${xmlText(cookie)}"` : ""}>`,
      between: "",
      after: `</${listKey}>`,
    });
  }
  const key = listKey === null ? null : jsonText(listKey);
  const cookieKey = jsonText(batch.cookieBodyKey);
  return (cookie) => ({
    contentType,
    headers: headersOf(cookie),
    before: key === null ? "[" : `{${isInBody ? `${cookieKey}:${jsonText(cookie)},` : ""}${key}:[`,
    between: ",",
    after: key === null ? "]" : "]}",
  });
}

/** Null where a family uses nothing but what is always read. */
function dialectOf(batch: SrxProfileDocument["batch"]): RequestDialect | null {
  const { beginParams, countParams, cookieParams, cookieOut, timeUnit } = batch;
  const cookieHeader = cookieOut.includes("header") ? batch.cookieHeader.toLowerCase() : null;
  const names = beginParams.length + countParams.length + cookieParams.length;
  if (names === 0 && cookieHeader === null && timeUnit === "auto") return null;
  return {
    begin: parameterSet(beginParams),
    count: parameterSet(countParams),
    cookie: parameterSet(cookieParams),
    cookieHeader,
    timeUnit,
  };
}

function parameterSet(names: readonly string[]): ReadonlySet<string> {
  return names.length === 0
    ? NO_PARAMETERS
    : new Set(names.map((name) => name.toLowerCase().replaceAll("-", "_")));
}
