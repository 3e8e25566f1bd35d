import {
  bodyTooLarge,
  decodeRequest,
  invalidToken,
  jsonSuperset,
  malformedToken,
  methodNotAllowed,
  type RawRequest,
  type SrxRequest,
  type SrxResponse,
  type TokenRequest,
  tooManyFailures,
  unavailable,
} from "@rollcall/srx-protocol";
import { andThen } from "./and-then.ts";
import type { Exchange } from "./exchange.ts";
import type { ListenerParts } from "./listener-parts.ts";
import { type PreparedAnswer, prepare } from "./prepared-answer.ts";
import { createQueryRoute, type QueryRoute } from "./query-route.ts";
import type { BodyReading } from "./read-body.ts";
import { admitReader, findToken, type Reader } from "./reader.ts";
import type { Awaitable } from "./served-point.ts";
import { answerToken } from "./token-route.ts";
import type { TokenRecord } from "./token-store.ts";

export type RequestHandler = (exchange: Exchange) => void;

const RETRY_AFTER_SECONDS = 5;
const NO_BODY: BodyReading = { kind: "body", text: "" };

/**
 * Answers the requests of firewalls, whichever engine read them.
 *
 * Shape:  each answer goes out with its length, a reason phrase, the headers of its profile in their order, and no others.
 *         `isLast()` true closes each connection after its answer. An idle poll is answered before the handler returns.
 * Errors: none leaves. What the world failed to give (table, directory of points) is answered 503 and logged.
 */
export function createRequestHandler(parts: ListenerParts, isLast: () => boolean): RequestHandler {
  const queries = createQueryRoute(parts);

  const fail = (error: unknown, exchange: Exchange): void => {
    parts.counters.failed += 1;
    parts.log.error({ err: error, attempted: "answer a firewall" }, "firewall could not be answered");
    if (exchange.isAnswered) exchange.abandon();
    else exchange.write(prepare(unavailable(RETRY_AFTER_SECONDS)), isLast());
  };

  return (exchange) => {
    try {
      const body = exchange.isBare ? NO_BODY : exchange.readBody();
      const done = andThen(body, (reading) => answer(parts, queries, exchange, reading, isLast));
      if (done instanceof Promise) done.catch((error: unknown) => fail(error, exchange));
    } catch (error) {
      fail(error, exchange);
    }
  };
}

function answer(
  parts: ListenerParts,
  queries: QueryRoute,
  exchange: Exchange,
  body: BodyReading,
  isLast: () => boolean,
): Awaitable<void> {
  if (body.kind === "aborted") return;
  if (body.kind === "too-large") {
    parts.counters.tooLarge += 1;
    // The rest of the body is not read: the connection cannot be used again.
    exchange.write(prepare(bodyTooLarge), true);
    return;
  }
  return andThen(findToken(parts, exchange.authorization), (token) => {
    // The common case: an idle firewall that asks the same as before. It is not decoded again.
    if (!exchange.isBare || token === null || token.memory.sameAnswer?.url !== exchange.url)
      return answerDecoded(parts, queries, exchange, body.text, token, undefined, isLast);
    return andThen(admit(parts, token, exchange), (reader) => {
      if (reader === null) return answerDecoded(parts, queries, exchange, body.text, token, reader, isLast);
      return andThen(parts.sourceFor(reader.point), (source) => {
        const same = queries.same(exchange, reader, source);
        if (same === null) return answerDecoded(parts, queries, exchange, body.text, token, reader, isLast);
        exchange.write(same, isLast());
      });
    });
  });
}

function admit(
  parts: ListenerParts,
  token: TokenRecord | null,
  exchange: Exchange,
): Awaitable<Reader | null> {
  return andThen(admitReader(parts, token, exchange.sourceIp), (reader) => {
    if (reader !== null) noteTransport(parts, reader, exchange.transport());
    return reader;
  });
}

/** A token outlives connections, and the next one may speak other TLS: a firewall was upgraded, or our certificate changed. */
function noteTransport({ contacts }: ListenerParts, { record, point }: Reader, transport: string): void {
  const { memory } = record;
  if (memory.transport === transport) return;
  memory.transport = transport;
  contacts.spoke?.(point, transport);
}

/** `admitted`: the reader, where it was asked for already; undefined where not. */
async function answerDecoded(
  parts: ListenerParts,
  queries: QueryRoute,
  exchange: Exchange,
  body: string,
  token: TokenRecord | null,
  admitted: Reader | null | undefined,
  isLast: () => boolean,
): Promise<void> {
  const raw = rawRequest(exchange, body);
  const request = decodeRequest(raw, parts.cursors.recognises);
  let prepared = await answerWithoutToken(parts, exchange, request);
  if (prepared === null) {
    const reader = admitted === undefined ? await admit(parts, token, exchange) : admitted;
    prepared = await answerReader(parts, queries, exchange, reader, raw, request);
  }
  exchange.write(prepared, isLast());
}

async function answerWithoutToken(
  parts: ListenerParts,
  exchange: Exchange,
  request: SrxRequest,
): Promise<PreparedAnswer | null> {
  switch (request.kind) {
    case "token":
      return prepare(await answerTokenOfMany(parts, exchange, request));
    case "token-fault":
      parts.counters.refused += 1;
      if (parts.strangers.maySay(exchange.sourceIp, parts.now()))
        parts.log.warn({ peer: exchange.sourceIp, reason: request.fault }, "token request refused");
      return prepare(malformedToken(request.fault));
    case "method-not-allowed":
      return prepare(methodNotAllowed);
    case "status":
      parts.counters.statusProbes += 1;
      return prepare(jsonSuperset.emptyDocument);
    default:
      return null;
  }
}

/** A token request, unless its address has asked with too many client ids that nobody knows. */
async function answerTokenOfMany(
  parts: ListenerParts,
  exchange: Exchange,
  request: TokenRequest,
): Promise<SrxResponse> {
  const { strangers, counters, now } = parts;
  const { sourceIp } = exchange;
  const waitMs = strangers.enter(request.clientId, sourceIp, now());
  if (waitMs > 0) {
    counters.throttled += 1;
    return tooManyFailures(Math.ceil(waitMs / 1000));
  }
  const response = await answerToken(parts, request, sourceIp, exchange.transport());
  if (response.status === 200) strangers.granted(request.clientId, sourceIp, now());
  return response;
}

async function answerReader(
  parts: ListenerParts,
  queries: QueryRoute,
  exchange: Exchange,
  reader: Reader | null,
  raw: RawRequest,
  decoded: SrxRequest,
): Promise<PreparedAnswer> {
  if (reader === null) return prepare(invalidToken);
  const { dialect } = reader.point.profile;
  const request = dialect === null ? decoded : decodeRequest(raw, parts.cursors.recognises, dialect);
  switch (request.kind) {
    case "batch":
      return queries.batch(request, exchange, reader, await parts.sourceFor(reader.point));
    case "ip":
      return queries.ip(request, reader, await parts.sourceFor(reader.point));
    case "user":
      return queries.user(request, raw, reader);
    default:
      return queries.unknownShape(
        request.kind === "unknown-shape" ? request.reason : request.kind,
        raw,
        reader,
      );
  }
}

function rawRequest(exchange: Exchange, body: string): RawRequest {
  const { url } = exchange;
  const mark = url.indexOf("?");
  return {
    method: exchange.method,
    path: mark < 0 ? url : url.slice(0, mark),
    query: mark < 0 ? "" : url.slice(mark + 1),
    headers: exchange.headers,
    body,
  };
}
