import type { ErrorReply } from "@rollcall/agent-protocol";

/** What a route gives back; one place writes it to the wire. */
export interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** The connection is of no further use: a body was left unread, or the peer must come back with another certificate. */
  readonly close?: boolean;
  /** Called when the answer could not be handed over to the peer's connection. */
  readonly undelivered?: () => Promise<void>;
}

export function ok(body: unknown): Answer {
  return { status: 200, body };
}

export const nothing: Answer = { status: 204 };

export function refuse(
  status: number,
  error: ErrorReply,
  more: Omit<Answer, "status" | "body"> = {},
): Answer {
  return { status, body: error, ...more };
}

export function unreadable(reason: string, issues: readonly string[]): Answer {
  const detail = issues.length > 0 ? `: ${issues.join("; ")}` : "";
  return refuse(400, {
    code: "message-unreadable",
    message: `The message was not understood, ${reason}${detail}.`,
  });
}

export function tooLarge(maxBytes: number): Answer {
  return refuse(
    413,
    { code: "message-too-large", message: `The message is longer than ${maxBytes} bytes.` },
    { close: true },
  );
}

export function tooMany(retryAfterSeconds: number): Answer {
  return refuse(
    429,
    { code: "too-many-requests", message: "Too many requests from this address." },
    { headers: { "retry-after": String(retryAfterSeconds) } },
  );
}
