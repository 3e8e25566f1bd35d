import { parseIp } from "@rollcall/identity-core/ip-address";
import { fromBase64 } from "../base64.ts";
import { type Parameter, parseBodyParameters, parseUrlEncoded } from "../parameters.ts";
import type { RecordedMessage, RecordedPair } from "./recorded-pair.ts";

/** A recorded request, taken apart. */
export interface SeenRequest {
  readonly method: string;
  /** Without the leading slash. */
  readonly path: string;
  readonly parameters: readonly Parameter[];
  readonly body: readonly Parameter[];
  readonly bodyFrom: "form" | "json" | null;
  readonly cookies: readonly (readonly [name: string, value: string])[];
  readonly authorization: string;
}

export type SeenKind = "token" | "batch" | "ip" | "user" | "other";

export interface SeenPair {
  readonly kind: SeenKind;
  readonly pair: RecordedPair;
  readonly request: SeenRequest;
  readonly status: number;
  /** Body of the answer; null where there is none to read. */
  readonly answer: string | null;
  /** The address asked for, in an address query. */
  readonly ip: string | null;
}

const COUNT = /^\d{1,4}$/;

/** Tells what each pair was about by what is in it, not by names that a server may have chosen itself. */
export function classifyPairs(pairs: readonly RecordedPair[]): SeenPair[] {
  return pairs.map((pair) => {
    const request = readRequest(pair.request);
    const status = Number(pair.response?.startLine.split(" ")[1] ?? 0);
    const answer = pair.response?.body ?? null;
    const ip = addressAsked(request);
    return { pair, request, status, answer, ip, kind: kindOf(request, answer, ip) };
  });
}

export function headerIn(message: RecordedMessage, name: string): string {
  return message.headers.find(([one]) => one.toLowerCase() === name)?.[1] ?? "";
}

function readRequest(message: RecordedMessage): SeenRequest {
  const [method = "", target = ""] = message.startLine.split(" ");
  const mark = target.indexOf("?");
  const path = mark < 0 ? target : target.slice(0, mark);
  const query = mark < 0 ? "" : target.slice(mark + 1);
  const body = parseBodyParameters({
    method,
    path,
    query,
    headers: { "content-type": headerIn(message, "content-type") },
    body: message.body ?? "",
  });
  return {
    method,
    path: path.replace(/^\/+|\/+$/g, ""),
    parameters: parseUrlEncoded(query) ?? [],
    body: body.kind === "parameters" ? body.parameters : [],
    bodyFrom: body.kind === "parameters" && body.from !== "xml" ? body.from : null,
    cookies: headerIn(message, "cookie")
      .split(";")
      .flatMap((part): [string, string][] => {
        const equals = part.indexOf("=");
        return equals < 1 ? [] : [[part.slice(0, equals).trim(), part.slice(equals + 1).trim()]];
      }),
    authorization: headerIn(message, "authorization"),
  };
}

function addressAsked({ path, parameters }: SeenRequest): string | null {
  const last = path.split("/").at(-1) ?? "";
  const asked = parameters
    .filter(({ key }) => !/incl|excl/.test(key))
    .map(({ value }) => parseIp(value))
    .find((ip) => ip !== null);
  return parseIp(last) ?? asked ?? null;
}

function kindOf(request: SeenRequest, answer: string | null, ip: string | null): SeenKind {
  const all = [...request.parameters, ...request.body];
  const isGrant = all.some(({ key }) => key === "grant_type" || /secret|passw/.test(key));
  if (isGrant || /^basic\s/i.test(request.authorization) || /"access_token"\s*:/.test(answer ?? ""))
    return "token";
  const ends = request.path.split("/").at(-1) ?? "";
  const isUser = ends === "user" || all.some(({ key }) => /^(?:id|user|user_?id|user_?name)$/.test(key));
  if (isUser) return "user";
  if (ip !== null) return "ip";
  const isBatch =
    ends === "endpoints" ||
    ends === "batch" ||
    all.some(
      ({ key, value }) => /count|begin|cookie|since|limit/.test(key) && (COUNT.test(value) || value !== ""),
    );
  return isBatch ? "batch" : "other";
}

/** How a token request carries its credentials; null where it carries none that we see. */
export function credentialsIn({ request }: SeenPair): "form" | "json" | "basic" | "query" | null {
  if (/^basic\s/i.test(request.authorization))
    return fromBase64(request.authorization.slice(6).trim()) === null ? null : "basic";
  if (request.body.some(({ key }) => /secret|passw/.test(key))) return request.bodyFrom;
  return request.parameters.some(({ key }) => /secret|passw/.test(key)) ? "query" : null;
}
