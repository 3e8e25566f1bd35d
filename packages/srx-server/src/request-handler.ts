import type { IncomingMessage, ServerResponse } from "node:http";
import type { TLSSocket } from "node:tls";
import {
  bodyTooLarge,
  decodeRequest,
  invalidToken,
  jsonSuperset,
  malformedToken,
  methodNotAllowed,
  type RawRequest,
  type SrxRequest,
  unavailable,
} from "@rollcall/srx-protocol";
import type { ListenerParts } from "./listener-parts.ts";
import { type PreparedAnswer, prepare, writeAnswer } from "./prepared-answer.ts";
import { createQueryRoute, type Question } from "./query-route.ts";
import { hasBody, readBody } from "./read-body.ts";
import { admitReader, findToken, type Reader } from "./reader.ts";
import { canonicalAddress } from "./source-address.ts";
import { answerToken } from "./token-route.ts";

export type RequestHandler = (req: IncomingMessage, res: ServerResponse) => void;

const RETRY_AFTER_SECONDS = 5;

/**
 * Answers the requests of firewalls.
 *
 * Shape:  each answer goes out with its length, a reason phrase, the headers of its profile in their order, and no others.
 *         `isLast()` true closes each connection after its answer.
 * Errors: none leaves. What the world failed to give (table, directory of points) is answered 503 and logged.
 */
export function createRequestHandler(parts: ListenerParts, isLast: () => boolean): RequestHandler {
  const queries = createQueryRoute(parts);
  const addresses = new WeakMap<object, string>();

  const addressOf = (req: IncomingMessage): string => {
    let address = addresses.get(req.socket);
    if (address === undefined) {
      address = canonicalAddress(req.socket.remoteAddress);
      addresses.set(req.socket, address);
    }
    return address;
  };

  const write = (res: ServerResponse, answer: PreparedAnswer): void => {
    if (!res.headersSent && !res.destroyed) writeAnswer(res, answer, isLast());
  };

  const fail = (error: unknown, res: ServerResponse): void => {
    parts.counters.failed += 1;
    parts.log.error({ err: error, attempted: "answer a firewall" }, "firewall could not be answered");
    if (res.headersSent) res.destroy();
    else write(res, prepare(unavailable(RETRY_AFTER_SECONDS)));
  };

  const answerWithoutToken = async (
    req: IncomingMessage,
    request: SrxRequest,
  ): Promise<PreparedAnswer | null> => {
    switch (request.kind) {
      case "token":
        return prepare(await answerToken(parts, request, addressOf(req), transportOf(req)));
      case "token-fault":
        parts.counters.refused += 1;
        parts.log.warn({ peer: addressOf(req), reason: request.fault }, "token request refused");
        return prepare(malformedToken(request.fault));
      case "method-not-allowed":
        return prepare(methodNotAllowed);
      case "status":
        parts.counters.statusProbes += 1;
        return prepare(jsonSuperset.emptyDocument);
      default:
        return null;
    }
  };

  const answerReader = async (
    reader: Reader | null,
    raw: RawRequest,
    request: SrxRequest,
    question: Question,
  ): Promise<PreparedAnswer> => {
    if (reader === null) return prepare(invalidToken);
    switch (request.kind) {
      case "batch":
        return queries.batch(request, question, reader, await parts.sourceFor(reader.point));
      case "ip":
        return queries.ip(request, reader, await parts.sourceFor(reader.point));
      case "user":
        return queries.user(reader);
      default:
        return queries.unknownShape(
          request.kind === "unknown-shape" ? request.reason : request.kind,
          raw,
          reader,
        );
    }
  };

  const answer = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const question: Question = {
      url: req.url ?? "",
      cookieHeader: req.headers.cookie,
      isBare: req.method === "GET" && !hasBody(req),
    };
    const body = question.isBare
      ? ({ kind: "body", text: "" } as const)
      : await readBody(req, parts.bodyBytesMax);
    if (body.kind === "aborted") return;
    if (body.kind === "too-large") {
      parts.counters.tooLarge += 1;
      // The rest of the body is not read: the connection cannot be used again.
      res.once("finish", () => req.socket.destroySoon());
      return writeAnswer(res, prepare(bodyTooLarge), true);
    }
    const token = await findToken(parts, req.headers.authorization);
    let reader: Reader | null | undefined;
    // The common case: an idle firewall that asks the same as before. It is not decoded again.
    if (question.isBare && token?.memory.sameAnswer?.url === question.url) {
      reader = await admitReader(parts, token, addressOf(req));
      const same =
        reader === null ? null : queries.same(question, reader, await parts.sourceFor(reader.point));
      if (same !== null) return write(res, same);
    }
    const raw = rawRequest(req, body.text);
    const request = decodeRequest(raw, parts.cursors.recognises);
    const open = await answerWithoutToken(req, request);
    if (open !== null) return write(res, open);
    if (reader === undefined) reader = await admitReader(parts, token, addressOf(req));
    write(res, await answerReader(reader, raw, request, question));
  };

  return (req, res) => {
    answer(req, res).catch((error: unknown) => fail(error, res));
  };
}

function rawRequest(req: IncomingMessage, body: string): RawRequest {
  const target = req.url ?? "";
  const mark = target.indexOf("?");
  return {
    method: req.method ?? "",
    path: mark < 0 ? target : target.slice(0, mark),
    query: mark < 0 ? "" : target.slice(mark + 1),
    headers: req.headers,
    body,
  };
}

/** What the other side speaks: kept in the log, because no firewall release publishes it. */
function transportOf(req: IncomingMessage): string {
  const socket = req.socket as TLSSocket;
  const name =
    typeof socket.servername === "string" && socket.servername !== "" ? socket.servername : "no SNI";
  return `${socket.getProtocol() ?? "?"} ${socket.getCipher()?.name ?? "?"} ${name}`;
}
