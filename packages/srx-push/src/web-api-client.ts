import { X509Certificate } from "node:crypto";
import { lookup as systemLookup } from "node:dns";
import {
  type ClientRequest,
  Agent as HttpAgent,
  type IncomingMessage,
  request as requestHttp,
} from "node:http";
import { Agent as HttpsAgent, request as requestHttps } from "node:https";
import { connect, isIP, type LookupFunction } from "node:net";
import { checkServerIdentity, type PeerCertificate } from "node:tls";
import type { PostOutcome } from "./post-outcome.ts";
import type { PushTransport } from "./push-ports.ts";
import { readRetryAfter } from "./retry-delay.ts";
import { explainConnectionFault, ForbiddenAddressError, TooLateError } from "./web-api-fault.ts";

const POST_PATH = "/api/userfw/v1/post-entry";
const CONNECT_MS = 10_000;
const ANSWER_MS = 30_000;
const PROBE_MS = 5000;
/** Nothing in an answer's body is used; more than this is not read either. */
const BODY_BYTES_MAX = 65_536;

export interface WebApiTarget {
  /** Scheme, host and port; anything behind is ignored. */
  readonly url: string;
  readonly user: string;
  /** Opened for each post, and nowhere else. */
  readonly password: { reveal(): string };
  /** PEM of the CA or of the certificate itself; the system's store where absent. */
  readonly caPem?: string;
  readonly dangerouslyTrustAnyCertificate?: boolean;
  /** Whether an address may be posted to; any where absent. Asked of what the name resolves to, which is then connected to. */
  readonly isAllowed?: (ip: string) => boolean;
}

export interface WebApiClientOptions {
  readonly now: () => number;
  /** Stands in for the system's resolver. */
  readonly lookup?: typeof systemLookup;
  readonly connectMs?: number;
  readonly answerMs?: number;
}

/**
 * Posts to one firewall's Web API over a connection that is kept.
 *
 * Shape:  one connection at a time; certificates are checked; redirects are not followed; the answer's body is not read
 *         beyond 64 KiB. A certificate that was given itself counts whatever name it is for: a firewall's own one often
 *         names none.
 * Units:  ms; 10 s to connect, 30 s in all.
 * Errors: none thrown: a fault of the network is `no-answer` with a sentence, an address that may not be posted to is
 *         `not-sent`. No sentence holds anything of what was sent.
 * Source: docs/protocol/srx-push.md, "the request" (seen in code of public senders).
 */
export function createWebApiClient(target: WebApiTarget, options: WebApiClientOptions): PushTransport {
  const url = URL.canParse(target.url) ? new URL(target.url) : null;
  if (url === null || (url.protocol !== "https:" && url.protocol !== "http:"))
    return closedTransport("The address of the Web API does not begin with https:// or http://.");
  const isTls = url.protocol === "https:";
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const port = url.port === "" ? (isTls ? 443 : 80) : Number(url.port);
  const place = `${url.protocol}//${url.host}`;
  const { isAllowed, caPem } = target;
  const lookup = guardedLookup(host, isAllowed, options.lookup ?? systemLookup);
  if (isIP(host) !== 0 && isAllowed !== undefined && !isAllowed(host))
    return closedTransport(`${host} is an address that may not be posted to from here.`);
  const pinned = caPem === undefined ? [] : certificatesOf(caPem);
  if (caPem !== undefined && pinned.length === 0)
    return closedTransport("The CA given for the Web API holds no certificate: paste its PEM text again.");
  const agent = isTls
    ? new HttpsAgent({
        keepAlive: true,
        maxSockets: 1,
        minVersion: "TLSv1.2",
        rejectUnauthorized: target.dangerouslyTrustAnyCertificate !== true,
        ...(caPem === undefined ? {} : { ca: caPem, allowPartialTrustChain: true }),
        checkServerIdentity: (name: string, shown: PeerCertificate) =>
          pinned.some((own) => own.raw.equals(shown.raw)) ? undefined : checkServerIdentity(name, shown),
      })
    : new HttpAgent({ keepAlive: true, maxSockets: 1 });

  function send(body: Buffer, signal: AbortSignal): Promise<Answered> {
    return new Promise((resolve, reject) => {
      const credentials = Buffer.from(`${target.user}:${target.password.reveal()}`).toString("base64");
      const request: ClientRequest = (isTls ? requestHttps : requestHttp)({
        agent,
        lookup,
        host,
        port,
        method: "POST",
        path: POST_PATH,
        signal,
        headers: {
          Authorization: `Basic ${credentials}`,
          "Content-Type": "application/xml",
          "Content-Length": body.length,
        },
      });
      const late = setTimeout(
        () => request.destroy(new TooLateError(options.answerMs ?? ANSWER_MS)),
        options.answerMs ?? ANSWER_MS,
      );
      const connecting = setTimeout(
        () => request.destroy(new TooLateError(options.connectMs ?? CONNECT_MS)),
        options.connectMs ?? CONNECT_MS,
      );
      const settled = (): void => {
        clearTimeout(late);
        clearTimeout(connecting);
      };
      request.on("socket", (socket) => {
        const ready = (): void => clearTimeout(connecting);
        if (request.reusedSocket) ready();
        else socket.once(isTls ? "secureConnect" : "connect", ready);
      });
      request.on("response", (response) => {
        drain(response, () => {
          settled();
          resolve({ status: response.statusCode ?? 0, retryAfter: response.headers["retry-after"] });
        });
      });
      request.on("error", (error) => {
        settled();
        reject(new SendError(error, request.reusedSocket));
      });
      request.end(body);
    });
  }

  return {
    warning: warningOf(isTls, target.dangerouslyTrustAnyCertificate === true),
    close: () => agent.destroy(),
    async post(text, signal): Promise<PostOutcome> {
      const body = Buffer.from(text, "utf8");
      for (let attempt = 1; ; attempt++) {
        try {
          const { status, retryAfter } = await send(body, signal);
          return { kind: "answered", status, retryAfterMs: readRetryAfter(retryAfter, options.now()) };
        } catch (error) {
          signal.throwIfAborted();
          const sent = error instanceof SendError ? error : new SendError(error, false);
          // The kept connection had ended just before: that says nothing of the firewall.
          if (sent.wasReused && attempt === 1) continue;
          if (sent.cause instanceof ForbiddenAddressError)
            return {
              kind: "not-sent",
              sentence: `${host} leads to an address that may not be posted to from here.`,
            };
          return { kind: "no-answer", sentence: explainConnectionFault(sent.cause, place) };
        }
      }
    },
    probe: (signal) =>
      new Promise((resolve) => {
        const socket = connect({ host, port, lookup, signal });
        const end = (sentence: string | null): void => {
          socket.destroy();
          resolve(sentence);
        };
        socket.setTimeout(PROBE_MS, () => end(explainConnectionFault(new TooLateError(PROBE_MS), place)));
        socket.once("connect", () => end(null));
        socket.once("error", (error) => end(explainConnectionFault(error, place)));
      }),
  };
}

interface Answered {
  readonly status: number;
  readonly retryAfter: string | undefined;
}

class SendError extends Error {
  readonly wasReused: boolean;
  constructor(cause: unknown, wasReused: boolean) {
    super("post to a Web API", { cause });
    this.wasReused = wasReused;
  }
}

/** Reads an answer to its end, so that its connection can be used again, or lets it go where it is too long. */
function drain(response: IncomingMessage, done: () => void): void {
  let bytes = 0;
  response.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > BODY_BYTES_MAX) response.destroy();
  });
  // The status has come: what becomes of the body changes nothing.
  response.on("error", () => undefined);
  response.once("close", done);
}

/** Resolves a name and lets only those addresses through that may be posted to, so that exactly they are connected to. */
function guardedLookup(
  host: string,
  isAllowed: ((ip: string) => boolean) | undefined,
  resolve: typeof systemLookup,
): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, found) => {
      if (error) return callback(error, "", 0);
      const allowed = isAllowed === undefined ? found : found.filter(({ address }) => isAllowed(address));
      const [first] = allowed;
      if (first === undefined) return callback(new ForbiddenAddressError(host), "", 0);
      if (options.all) return callback(null, allowed);
      callback(null, first.address, first.family);
    });
  };
}

function certificatesOf(pem: string): X509Certificate[] {
  const found = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return found.flatMap((one) => {
    try {
      return [new X509Certificate(one)];
    } catch {
      return [];
    }
  });
}

function warningOf(isTls: boolean, trustsAny: boolean): string | null {
  if (!isTls) return "Names and the password go in clear, because the address begins with http://.";
  return trustsAny ? "The firewall's certificate is not checked." : null;
}

/** For a target that can never be posted to: it says so each time. */
function closedTransport(sentence: string): PushTransport {
  return {
    warning: null,
    post: async () => ({ kind: "not-sent", sentence }),
    probe: async () => sentence,
    close: () => undefined,
  };
}
