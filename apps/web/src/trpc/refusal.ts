import { TRPCClientError } from "@trpc/client";

/** Why the API did not do what was asked, as a page can use it. */
export interface Refusal {
  /** `no-answer`: nothing came back, it may pass. `refused`: the API said no. */
  readonly kind: "no-answer" | "refused";
  /** The tRPC code: NOT_FOUND, CONFLICT, FORBIDDEN, BAD_REQUEST, …; empty without an answer. */
  readonly code: string;
  readonly message: string;
  /** A stable word beside the code, where the API gave one. */
  readonly reason: string | undefined;
  /** Path of the field to what is wrong with it: `caPem`, `changes.host`, `senders.0`. */
  readonly fields: Readonly<Record<string, string>>;
  readonly requestId: string | undefined;
}

const NO_ANSWER: Refusal = {
  kind: "no-answer",
  code: "",
  message: "The portal did not answer. Your firewalls keep being answered; try again in a moment.",
  reason: undefined,
  fields: {},
  requestId: undefined,
};

/** Reads any thrown value. Nothing is thrown. */
export function refusalOf(error: unknown): Refusal {
  if (!(error instanceof TRPCClientError)) return NO_ANSWER;
  const data: unknown = error.data;
  const code = textOf(data, "code");
  if (code === undefined) return NO_ANSWER;
  return {
    kind: "refused",
    code,
    message: error.message,
    reason: textOf(data, "reason"),
    fields: fieldsOf(data),
    requestId: textOf(data, "requestId"),
  };
}

/** What is wrong with one field, or with one entry of a field that holds a list. */
export function fieldError(refusal: Refusal | null, name: string): string | undefined {
  if (refusal === null) return undefined;
  for (const [path, message] of Object.entries(refusal.fields)) {
    const bare = path.replace(/^changes\./, "");
    if (bare === name) return message;
    const entry = bare.startsWith(`${name}.`)
      ? Number(bare.slice(name.length + 1).split(".")[0])
      : Number.NaN;
    if (Number.isInteger(entry)) return `Line ${entry + 1}: ${message}`;
  }
  return undefined;
}

function textOf(data: unknown, key: string): string | undefined {
  if (typeof data !== "object" || data === null) return undefined;
  const value: unknown = Reflect.get(data, key);
  return typeof value === "string" ? value : undefined;
}

function fieldsOf(data: unknown): Record<string, string> {
  const fields: Record<string, string> = {};
  const held: unknown = typeof data === "object" && data !== null ? Reflect.get(data, "fields") : undefined;
  if (typeof held !== "object" || held === null) return fields;
  for (const [name, messages] of Object.entries(held)) {
    const first: unknown = Array.isArray(messages) ? messages[0] : messages;
    if (typeof first === "string") fields[name] = first;
  }
  return fields;
}
