import { type IpAddress, parseIp } from "@rollcall/identity-core/ip-address";
import { parseBeginTime, type TimeUnit } from "./begin-time.ts";
import { decodeToken, isTokenParameter } from "./decode-token.ts";
import { decodeUser } from "./decode-user.ts";
import { decodeFilters } from "./filters.ts";
import {
  type BodyParameters,
  nestedJsonParameters,
  type Parameter,
  parseBodyParameters,
  parseUrlEncoded,
} from "./parameters.ts";
import { type PathShape, readPath } from "./path-shape.ts";
import {
  type BatchPosition,
  type BatchRequest,
  headerOf,
  type RawRequest,
  type RequestWarning,
  type SrxRequest,
} from "./request.ts";

/** Names and unit that one firewall family uses beside those that are always read. Names in lower case, `-` as `_`. */
export interface RequestDialect {
  readonly begin: ReadonlySet<string>;
  readonly count: ReadonlySet<string>;
  readonly cookie: ReadonlySet<string>;
  /** A header that brings the cookie back, in lower case; null: none of its own. */
  readonly cookieHeader: string | null;
  readonly timeUnit: TimeUnit;
}

/** Says whether a text has the form of a cookie of ours (not whether it is valid). */
export type CursorRecogniser = (text: string) => boolean;

const METHODS = new Set(["GET", "POST", "PUT"]);
const TOKEN_ENDS = new Set(["oauth", "oauth2", "token", "oauth_token", "access_token"]);
const BATCH_ENDS = new Set(["endpoints", "batch"]);
const BEGIN_KEYS = new Set(["begintime", "begin_time"]);
const COUNT_KEYS = new Set(["entry_count", "entrycount"]);
const COOKIE_KEYS = new Set(["cookie", "report"]);
const IP_KEYS = new Set(["ip", "ip_address"]);
const USER_KEYS = new Set(["id", "user", "user_id", "username", "user_name"]);
/** Repeats of these would leave open which is meant. Only filters may be repeated. */
const SINGLE_KEYS = new Set([...BEGIN_KEYS, ...COUNT_KEYS, ...COOKIE_KEYS, ...IP_KEYS, ...USER_KEYS]);
const BARE_PATHS = new Set(["", "user_query", "user_query/v1", "user_query/v2"]);

/** What a firewall may ask for in one batch, and what it gets when it does not say. Source: Juniper's published YANG, `items-per-batch` (documented). */
export const MAX_ENTRIES = 1000;
export const DEFAULT_ENTRIES = 200;

/**
 * Decodes one request by its shape, not by its exact path.
 *
 * Shape:  generous in what it takes: with or without `/api/`, `-` for `_`, GET, POST or PUT, parameters in any order, in the
 *         address or in a body. What it does not know is `unknown-shape` with a reason, never an error. `dialect` adds
 *         the names of one family to those that are always read.
 * Units:  `begintime` see `parseBeginTime`; `limit` counts entries.
 * Errors: none thrown, whatever the bytes. Work is linear in the size of the request.
 * Source: docs/protocol/srx-query.md, "which question it is" (kinds documented; paths seen in notes; tolerance assumed).
 */
export function decodeRequest(
  raw: RawRequest,
  isCursor: CursorRecogniser,
  dialect: RequestDialect | null = null,
): SrxRequest {
  if (!METHODS.has(raw.method)) return { kind: "method-not-allowed" };
  const path = readPath(raw.path);
  const end = path.segments.at(-1) ?? "";
  const query = parseUrlEncoded(raw.query);
  if (query === null) return unknownShape("too many parameters");
  const body = raw.body === "" ? null : parseBodyParameters(raw);
  const bodyParameters = body?.kind === "parameters" ? body.parameters : [];
  const parameters = bodyParameters.length === 0 ? query : [...query, ...bodyParameters];

  if (TOKEN_ENDS.has(end) || parameters.some(isTokenParameter)) return decodeToken(raw, query);

  const repeated = firstRepeated(parameters);
  if (repeated !== null) return unknownShape(`parameter ${repeated} is repeated`);
  const cookie = cookieIn(parameters, isCursor, dialect);
  const begin = firstOf(parameters, BEGIN_KEYS) ?? firstOf(parameters, dialect?.begin);
  const count = firstOf(parameters, COUNT_KEYS) ?? firstOf(parameters, dialect?.count);
  if (cookie !== null || begin !== null || count !== null || BATCH_ENDS.has(end)) {
    const inHeader = cookie === null ? (ownHeader(raw, dialect) ?? cookieHeader(raw, isCursor)) : null;
    const from = cookie !== null ? "parameter" : inHeader !== null ? "header" : "none";
    return batch(parameters, { cookie: cookie ?? inHeader, from, begin, count, dialect });
  }

  const ip = addressAsked(path, parameters);
  if (ip !== null) return ipQuery(ip, parameters);
  if (end === "user" || firstOf(parameters, USER_KEYS) !== null)
    return decodeUser(withNested(parameters, raw, body));
  if (raw.method === "GET" && parameters.length === 0 && BARE_PATHS.has(path.segments.join("/")))
    return { kind: "status" };
  if (/^basic\s/i.test(headerOf(raw, "authorization"))) return decodeToken(raw, query);
  return unknownShape(
    end === "ip" || path.segments.at(-2) === "ip" ? "not an address" : "neither batch, address nor user",
  );
}

function unknownShape(reason: string): SrxRequest {
  return { kind: "unknown-shape", reason };
}

/** What a JSON body says at a deeper level comes behind what was found so far: it fills gaps and changes nothing. */
function withNested(
  parameters: readonly Parameter[],
  raw: RawRequest,
  body: BodyParameters | null,
): readonly Parameter[] {
  const isJson = body?.kind === "parameters" ? body.from === "json" : raw.body.trimStart().startsWith("[");
  if (!isJson) return parameters;
  const known = new Set(parameters.map(({ key }) => key));
  return [...parameters, ...nestedJsonParameters(raw.body).filter(({ key }) => !known.has(key))];
}

interface BatchAsked {
  readonly cookie: string | null;
  readonly from: BatchRequest["asked"]["cookie"];
  readonly begin: string | null;
  readonly count: string | null;
  readonly dialect: RequestDialect | null;
}

function batch(parameters: readonly Parameter[], asked: BatchAsked): SrxRequest {
  const { cookie, from, begin, count, dialect } = asked;
  const { filter, warnings } = decodeFilters(parameters);
  const said: RequestWarning[] = [...warnings];
  const limit = readLimit(count);
  if (limit === null && count !== null)
    said.push({ kind: "count-ignored", parameter: "entry_count", reason: "not a count" });
  const unit = dialect?.timeUnit ?? "auto";
  return {
    kind: "batch",
    position: readPosition(cookie, begin, unit, said),
    limit: limit ?? DEFAULT_ENTRIES,
    filter,
    warnings: said,
    asked: { cookie: from, begin: begin === null ? null : parseBeginTime(begin, unit) },
  };
}

/** The cookie replaces the timestamp. Source: Junos Space guide, "Understanding JIMS" (documented). */
function readPosition(
  cookie: string | null,
  begin: string | null,
  unit: TimeUnit,
  said: RequestWarning[],
): BatchPosition {
  if (cookie !== null) return { kind: "cookie", cookie };
  if (begin === null || begin.trim() === "") return { kind: "start" };
  const at = parseBeginTime(begin, unit);
  if (at !== null) return { kind: "since", at };
  if (!/^0*(?:\.0*)?$/.test(begin.trim()))
    said.push({ kind: "begin-ignored", parameter: "begintime", reason: "not a time" });
  return { kind: "start" };
}

function readLimit(count: string | null): number | null {
  if (count === null || !/^\d{1,9}$/.test(count.trim())) return null;
  const asked = Number(count);
  return asked < 1 ? null : Math.min(asked, MAX_ENTRIES);
}

function ipQuery(ip: IpAddress, parameters: readonly Parameter[]): SrxRequest {
  const { filter, warnings } = decodeFilters(parameters);
  return { kind: "ip", ip, refresh: parameters.some(({ key }) => key.includes("probe")), filter, warnings };
}

function addressAsked(path: PathShape, parameters: readonly Parameter[]): IpAddress | null {
  const inPath = path.last === "" ? null : parseIp(path.last);
  if (inPath !== null) return inPath;
  if (firstOf(parameters, USER_KEYS) !== null || path.segments.at(-1) === "user") return null;
  const named = firstOf(parameters, IP_KEYS);
  return named === null ? null : parseIp(named.trim());
}

function firstOf(parameters: readonly Parameter[], keys: ReadonlySet<string> | undefined): string | null {
  if (keys === undefined || keys.size === 0) return null;
  for (const { key, value } of parameters) if (keys.has(key)) return value;
  return null;
}

function firstRepeated(parameters: readonly Parameter[]): string | null {
  const seen = new Set<string>();
  for (const { key } of parameters) {
    if (!SINGLE_KEYS.has(key)) continue;
    if (seen.has(key)) return key;
    seen.add(key);
  }
  return null;
}

/** A named cookie of our form, else any value of our form, else a named cookie of another form (a foreign one). Empty is absent. */
function cookieIn(
  parameters: readonly Parameter[],
  isCursor: CursorRecogniser,
  dialect: RequestDialect | null,
): string | null {
  let foreign: string | null = null;
  let unnamed: string | null = null;
  for (const { key, value } of parameters) {
    const text = value.trim();
    if (text === "") continue;
    const isNamed = COOKIE_KEYS.has(key) || (dialect?.cookie.has(key) ?? false);
    if (isCursor(text)) {
      if (isNamed) return text;
      unnamed ??= text;
    } else if (isNamed) foreign ??= text;
  }
  return unnamed ?? foreign;
}

function ownHeader(raw: RawRequest, dialect: RequestDialect | null): string | null {
  const name = dialect?.cookieHeader ?? null;
  const value = name === null ? "" : headerOf(raw, name).trim();
  return value === "" ? null : value;
}

/** Our cookie among those of the `Cookie` header. It never makes a request a batch: a client with a cookie jar sends it with everything. */
function cookieHeader(raw: RawRequest, isCursor: CursorRecogniser): string | null {
  const header = headerOf(raw, "cookie");
  if (header === "") return null;
  let named: string | null = null;
  for (const pair of header.split(";")) {
    const equals = pair.indexOf("=");
    if (equals < 0) continue;
    const text = pair.slice(equals + 1).trim();
    if (isCursor(text)) return text;
    if (text !== "" && pair.slice(0, equals).trim().toLowerCase() === "report") named ??= text;
  }
  return named;
}
