import { TRPCError } from "@trpc/server";

/** Why a call was refused, beside its code: stable words that a page may switch on. */
export class Refusal extends Error {
  readonly reason: string;
  /** Which field of the input is meant, where one is. */
  readonly fields: Readonly<Record<string, readonly string[]>>;
  constructor(sentence: string, reason: string, fields: Readonly<Record<string, readonly string[]>> = {}) {
    super(sentence);
    this.name = "Refusal";
    this.reason = reason;
    this.fields = fields;
  }
}

/** The same for what does not exist and for what another tenant has: existence is not confirmed. */
export function notFound(): TRPCError {
  return new TRPCError({ code: "NOT_FOUND", message: "There is no such thing here." });
}

export function forbidden(): TRPCError {
  return new TRPCError({ code: "FORBIDDEN", message: "Your role does not allow this." });
}

export function signedOut(): TRPCError {
  return new TRPCError({ code: "UNAUTHORIZED", message: "Sign in to go on." });
}

/** The world is not as the request takes it to be; the sentence says what to do. */
export function conflict(sentence: string, reason: string): TRPCError {
  return new TRPCError({ code: "CONFLICT", message: sentence, cause: new Refusal(sentence, reason) });
}

/** One field of the input cannot be taken, for a reason that only the server can know. */
export function unacceptable(field: string, sentence: string, reason: string): TRPCError {
  const cause = new Refusal(sentence, reason, { [field]: [sentence] });
  return new TRPCError({ code: "UNPROCESSABLE_CONTENT", message: sentence, cause });
}

/** An agent takes no more of them in its configuration. */
export function noMore(what: string, most: number): TRPCError {
  return conflict(
    `There are ${most.toLocaleString("en-GB")} ${what} already, as many as an agent takes: remove one first.`,
    "no-more",
  );
}

export function tooMany(waitMs: number): TRPCError {
  const seconds = Math.max(1, Math.ceil(waitMs / 1000));
  const sentence = `Too many requests. Try again in ${seconds} s.`;
  return new TRPCError({
    code: "TOO_MANY_REQUESTS",
    message: sentence,
    cause: new Refusal(sentence, "too-many"),
  });
}
