import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { errorReply, readMessage } from "@rollcall/agent-protocol";
import { Agent, request } from "undici";
import type { z } from "zod";
import { retryAfterMs } from "../supervisor/backoff.ts";
import { GatewayFault, gatewayFaultOf } from "./gateway-fault.ts";

const compress = promisify(gzip);
/** A configuration of a large site is some hundred kilobytes. */
const ANSWER_BYTES_MAX = 16 * 1024 * 1024;
/** TCP and TLS 1.3 take two round trips: where that takes longer, trying anew is quicker than waiting. */
const CONNECT_MS = 5000;
const ANSWER_MS = 20_000;
/** Shorter bodies are not worth compressing. */
const GZIP_FROM_BYTES = 1024;

export interface GatewayAddress {
  /** `https://host:port`, without a trailing slash. */
  readonly baseUrl: string;
  /** The only CA that is believed. */
  readonly caPem: string;
  /** The agent's certificate and key; absent before it has one. */
  readonly client?: { readonly certificatePem: string; readonly keyPem: string };
}

export type GatewayAnswer<T> =
  | { readonly kind: "answer"; readonly value: T }
  /** 204: nothing to say, or done. */
  | { readonly kind: "nothing" }
  | {
      readonly kind: "refused";
      readonly status: number;
      readonly code: string;
      readonly message: string;
      readonly remedy: string | null;
      readonly retryAfterMs: number | null;
      /** The body as it came, for refusals that say more. */
      readonly body: string;
    };

export interface GatewayQuestion<S extends z.ZodType> {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly answer: S;
  /** An object, or JSON text that is ready. */
  readonly body?: object | string;
  /** How long the gateway may keep the question open (long poll). */
  readonly waitMs?: number;
  /** How long the gateway may take apart from that; 20 s where absent. */
  readonly answerMs?: number;
  readonly signal?: AbortSignal;
}

/** Speaks to the gateway: TLS 1.3, the pinned CA, the agent's certificate. */
export interface GatewayClient {
  /**
   * Asks once.
   *
   * Errors: throws `GatewayFault` when no answer came, and for an answer that is not our protocol's. A refusal is a
   *         value. An aborted question throws the signal's reason.
   */
  ask<S extends z.ZodType>(question: GatewayQuestion<S>): Promise<GatewayAnswer<z.output<S>>>;
  close(): Promise<void>;
}

export function createGatewayClient(address: GatewayAddress, now: () => number): GatewayClient {
  const agent = new Agent({
    connect: {
      ca: address.caPem,
      minVersion: "TLSv1.3",
      timeout: CONNECT_MS,
      ...(address.client === undefined
        ? {}
        : { cert: address.client.certificatePem, key: address.client.keyPem }),
    },
    headersTimeout: ANSWER_MS,
    bodyTimeout: ANSWER_MS,
    keepAliveTimeout: 30_000,
    pipelining: 1,
  });

  async function exchange<S extends z.ZodType>(question: GatewayQuestion<S>) {
    const text =
      question.body === undefined || typeof question.body === "string"
        ? question.body
        : JSON.stringify(question.body);
    const isLong = text !== undefined && Buffer.byteLength(text) >= GZIP_FROM_BYTES;
    const body = text === undefined ? null : isLong ? await compress(text) : text;
    const timeout = (question.answerMs ?? ANSWER_MS) + (question.waitMs ?? 0);
    const reply = await request(`${address.baseUrl}${question.path}`, {
      dispatcher: agent,
      method: question.method,
      headers: {
        accept: "application/json",
        ...(body === null ? {} : { "content-type": "application/json" }),
        ...(isLong ? { "content-encoding": "gzip" } : {}),
      },
      body,
      headersTimeout: timeout,
      bodyTimeout: timeout,
      ...(question.signal === undefined ? {} : { signal: question.signal }),
    });
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of reply.body) {
      size += chunk.length;
      if (size > ANSWER_BYTES_MAX) {
        reply.body.destroy();
        throw new Error(`the answer is longer than ${ANSWER_BYTES_MAX} bytes`);
      }
      chunks.push(chunk);
    }
    return { status: reply.statusCode, headers: reply.headers, text: Buffer.concat(chunks).toString("utf8") };
  }

  return {
    async ask(question) {
      let reply: Awaited<ReturnType<typeof exchange>>;
      try {
        reply = await exchange(question);
      } catch (error) {
        if (question.signal?.aborted) throw question.signal.reason;
        throw await gatewayFaultOf(address.baseUrl, error, now());
      }
      if (reply.status === 204) return { kind: "nothing" };
      if (reply.status >= 400) {
        const said = readMessage(errorReply, reply.text);
        const header = reply.headers["retry-after"];
        return {
          kind: "refused",
          status: reply.status,
          code: said.kind === "message" ? said.message.code : `http-${reply.status}`,
          message: said.kind === "message" ? said.message.message : `the gateway answered ${reply.status}`,
          remedy: said.kind === "message" ? (said.message.remedy ?? null) : null,
          retryAfterMs: retryAfterMs(typeof header === "string" ? header : null, now()),
          body: reply.text,
        };
      }
      const read = readMessage(question.answer, reply.text);
      if (read.kind === "message") return { kind: "answer", value: read.message };
      throw new GatewayFault(
        "interrupted",
        `The gateway's answer to ${question.method} ${question.path.split("?")[0]} cannot be read: ${[read.reason, ...read.issues].join("; ")}.`,
        {
          remedy: "Check that this agent's version and the portal's belong together.",
        },
      );
    },
    close: () => agent.destroy(),
  };
}
