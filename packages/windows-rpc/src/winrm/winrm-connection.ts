import http from "node:http";
import https from "node:https";
import type { SecurityContext } from "../auth/security-context.ts";
import { decryptBody, ENCRYPTED_TYPE, encryptBody } from "./encrypted-body.ts";

export interface WinrmTarget {
  /** The address that is asked. */
  readonly host: string;
  readonly port: number;
  /** By name where TLS is spoken: what the certificate must be for. Null: HTTP, with every message encrypted by the login. */
  readonly tls: { readonly serverName: string; readonly caPem?: string } | null;
  readonly context: SecurityContext;
  /** Of connecting and of each answer. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** `refused`: the login was not taken. `unreachable`: nobody answers there. `denied`: taken, and it allows too little. */
export type WinrmFailure = "refused" | "unreachable" | "denied" | "failed";

export class WinrmFault extends Error {
  override readonly name = "WinrmFault";
  readonly failure: WinrmFailure;

  constructor(failure: WinrmFailure, message: string, options?: ErrorOptions) {
    super(message, options);
    this.failure = failure;
  }
}

const PATH = "/wsman";
const ANSWER_BYTES_MAX = 4 * 1024 * 1024;
/** NTLM takes two, Kerberos one; a server that goes on for ever is none. */
const LOGIN_ROUNDS_MAX = 4;

interface HttpAnswer {
  readonly status: number;
  readonly authenticate: string;
  readonly type: string;
  readonly body: Buffer;
}

/**
 * Logs in to the remote management service of a computer.
 *
 * Shape:  one kept connection carries the login and everything after it.
 * Errors: `WinrmFault`; `SecurityFault` of the login.
 * Source: [MS-WSMV] 3.1.4.1.30, [RFC 4559] (documented); against python3-winrm by the way of tools/wmi-server.
 */
export async function openWinrm(target: WinrmTarget): Promise<WinrmConnection> {
  const connection = new WinrmConnection(target);
  try {
    await connection.logIn();
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

/** A login at one computer, over one connection. */
export class WinrmConnection {
  readonly #target: WinrmTarget;
  readonly #agent: http.Agent;
  readonly #client: typeof http | typeof https;

  constructor(target: WinrmTarget) {
    this.#target = target;
    const one = { keepAlive: true, maxSockets: 1, maxTotalSockets: 1 };
    this.#client = target.tls === null ? http : https;
    this.#agent =
      target.tls === null
        ? new http.Agent(one)
        : new https.Agent({
            ...one,
            servername: target.tls.serverName,
            ...(target.tls.caPem === undefined ? {} : { ca: target.tls.caPem }),
          });
  }

  async logIn(): Promise<void> {
    const { context } = this.#target;
    let token: Uint8Array | null = await context.start();
    for (let round = 0; token !== null; round++) {
      if (round >= LOGIN_ROUNDS_MAX) throw new WinrmFault("failed", "the login does not end");
      const answer = await this.#send("", {
        authorization: `Negotiate ${Buffer.from(token).toString("base64")}`,
      });
      const theirs = /^Negotiate\s+([A-Za-z0-9+/=]+)/i.exec(answer.authenticate)?.[1];
      if (answer.status === 401 && theirs === undefined)
        throw new WinrmFault("refused", `${this.#target.host} did not take the login`);
      if (answer.status !== 401 && (answer.status < 200 || answer.status >= 500))
        throw new WinrmFault("failed", `${this.#target.host} answered ${answer.status} to the login`);
      token = theirs === undefined ? null : await context.next(Buffer.from(theirs, "base64"));
    }
    if (!context.isEstablished)
      throw new WinrmFault("refused", `${this.#target.host} ended the login half way`);
  }

  /** Sends one message and gives the answer to it. Errors: `WinrmFault`, `EncryptedBodyFault`, `SecurityFault`. */
  async post(soap: string): Promise<string> {
    const { context, tls, host } = this.#target;
    const answer =
      tls === null
        ? await this.#send(encryptBody(soap, context), { "content-type": ENCRYPTED_TYPE })
        : await this.#send(soap, { "content-type": "application/soap+xml;charset=UTF-8" });
    if (answer.status === 401) throw new WinrmFault("refused", `${host} did not take the login`);
    if (answer.status === 403) throw new WinrmFault("denied", `${host} answered 403`);
    // In clear on a connection whose messages are encrypted: anybody on the way could have written it.
    const isEncrypted = /^multipart\/encrypted/i.test(answer.type);
    if (tls === null && !isEncrypted)
      throw new WinrmFault("failed", `${host} answered ${answer.status} and did not encrypt it`);
    return isEncrypted ? decryptBody(answer.body, context) : answer.body.toString("utf8");
  }

  close(): void {
    this.#agent.destroy();
  }

  #send(body: string | Buffer, headers: Readonly<Record<string, string>>): Promise<HttpAnswer> {
    const { host, port, timeoutMs, signal } = this.#target;
    return new Promise((resolve, reject) => {
      const fail = (cause: Error): void =>
        reject(
          cause instanceof WinrmFault
            ? cause
            : new WinrmFault("unreachable", `ask ${host}:${port}: ${cause.message}`, { cause }),
        );
      const request = this.#client.request(
        {
          host,
          port,
          path: PATH,
          method: "POST",
          agent: this.#agent,
          signal,
          timeout: timeoutMs,
          headers: { ...headers, "content-length": String(Buffer.byteLength(body)) },
        },
        (response) => {
          const parts: Buffer[] = [];
          let bytes = 0;
          response.on("data", (part: Buffer) => {
            bytes += part.length;
            if (bytes > ANSWER_BYTES_MAX)
              request.destroy(
                new WinrmFault("failed", `${host} answered with more than ${ANSWER_BYTES_MAX} bytes`),
              );
            else parts.push(part);
          });
          response.on("error", fail);
          response.on("end", () =>
            resolve({
              status: response.statusCode ?? 0,
              authenticate: response.headers["www-authenticate"] ?? "",
              type: response.headers["content-type"] ?? "",
              body: Buffer.concat(parts, bytes),
            }),
          );
        },
      );
      request.on("timeout", () =>
        request.destroy(new WinrmFault("unreachable", `${host}:${port} did not answer in ${timeoutMs} ms`)),
      );
      request.on("error", fail);
      request.end(body);
    });
  }
}
