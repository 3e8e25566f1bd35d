import { utf8Length } from "../utf8.ts";
import { REASON_WORDS, splitWords } from "./known-words.ts";
import type { Framing, MessageHead } from "./message-reader.ts";
import type { Pseudonyms } from "./pseudonyms.ts";
import type { RecordedMessage, RecordedPair } from "./recorded-pair.ts";
import { redactHeaders } from "./redact-headers.ts";
import { redactJson } from "./redact-json.ts";
import { redactParameters } from "./redact-parameters.ts";
import { redactTarget } from "./redact-target.ts";
import { redactXml } from "./redact-xml.ts";
import { atOnce, type Steps } from "./steps.ts";
import type { ValueRules } from "./value-rules.ts";

/** A message whose body has been decoded by whoever owns the bytes. */
export interface ReadMessage {
  readonly head: MessageHead;
  readonly framing: Framing;
  /** Null where it was not kept or is no text. */
  readonly body: string | null;
  /** Why there is no body to read: "too long", "not UTF-8"; null where there is one. */
  readonly bodyNote: string | null;
  readonly bodyBytes: number;
  readonly isWhole: boolean;
  readonly trailers: MessageHead["headers"];
}

export interface ReadExchange {
  readonly number: number;
  readonly connection: number;
  /** Since the recording began. */
  readonly atMs: number;
  readonly tookMs: number;
  readonly request: ReadMessage;
  readonly response: ReadMessage | null;
}

/**
 * Gives an exchange as it may be written down: see `createValueRules` for what is replaced.
 *
 * Shape:  a body that is neither JSON nor XML nor a form is not written at all, only its length; so is one that could
 *         not be read whole. `Content-Length` is that of the written body.
 * Errors: none thrown.
 */
export function redactExchange(exchange: ReadExchange, rules: ValueRules, names: Pseudonyms): RecordedPair {
  return atOnce(redactInSteps(exchange, rules, names));
}

/**
 * The same in short steps, for a loop that has other work. One exchange of a recording at a time: what is replaced in one
 * place depends on what was replaced before.
 */
export function* redactInSteps(
  exchange: ReadExchange,
  rules: ValueRules,
  names: Pseudonyms,
): Steps<RecordedPair> {
  const { number, connection, atMs, tookMs, request, response } = exchange;
  return {
    format: "rollcall-srx-pair",
    version: 1,
    number,
    connection,
    atMs,
    tookMs,
    request: yield* redactMessage(request, redactRequestLine(request.head.startLine, rules), rules, names),
    response:
      response === null
        ? null
        : yield* redactMessage(response, redactStatusLine(response.head.startLine, names), rules, names),
  };
}

function redactRequestLine(line: string, rules: ValueRules): string {
  const first = line.indexOf(" ");
  const last = line.lastIndexOf(" ");
  const target = line.slice(first + 1, last);
  return `${line.slice(0, first)} ${redactTarget(target, rules) ?? "/too-many-parameters"}${line.slice(last)}`;
}

function redactStatusLine(line: string, names: Pseudonyms): string {
  const [, status = "", reason = ""] = /^(HTTP\/1\.[01] \d{3}) ?(.*)$/.exec(line) ?? [];
  if (reason === "") return status;
  const isPlain = splitWords(reason).every((word) => REASON_WORDS.has(word));
  return `${status} ${isPlain ? reason : names.text(reason)}`;
}

function* redactMessage(
  message: ReadMessage,
  startLine: string,
  rules: ValueRules,
  names: Pseudonyms,
): Steps<RecordedMessage> {
  const { framing, bodyBytes, isWhole } = message;
  // The body first: what it calls a name must not stand in a header either.
  const { body, bodyNote } = yield* redactBody(message, rules);
  const headers = redactHeaders(message.head.headers, rules, names).map(([name, value]): [string, string] =>
    name.toLowerCase() === "content-length" && framing === "length" && body !== null
      ? [name, String(utf8Length(body))]
      : [name, value],
  );
  return {
    startLine,
    headers,
    body,
    bodyNote,
    bodyBytes,
    framing,
    isWhole,
    trailers: redactHeaders(message.trailers, rules, names),
  };
}

function* redactBody(
  message: ReadMessage,
  rules: ValueRules,
): Steps<Pick<RecordedMessage, "body" | "bodyNote">> {
  const { body, bodyNote, bodyBytes, isWhole } = message;
  const left = (why: string) => ({ body: null, bodyNote: `${bodyBytes} bytes, not written down: ${why}` });
  if (body === null) return left(bodyNote ?? "it is no text");
  if (body.trim() === "") return { body, bodyNote: null };
  if (!isWhole) return left("the connection ended within it");
  const redacted = yield* redactText(body, contentTypeOf(message.head), rules);
  return redacted === null ? left("it is neither JSON, XML nor a form") : { body: redacted, bodyNote: null };
}

/** What the body looks like counts before what it says it is: the two need not agree. */
function* redactText(body: string, type: string, rules: ValueRules): Steps<string | null> {
  const start = body.trimStart().charAt(0);
  if (start === "<") return yield* redactXml(body, rules);
  if (start === "{" || start === "[" || /json/.test(type)) return yield* redactJson(body, rules);
  if (/x-www-form-urlencoded/.test(type) || /^[\w.%-]{1,128}=[^\s<>{}]*$/.test(body.trim()))
    return redactParameters(body, rules);
  return null;
}

function contentTypeOf(head: MessageHead): string {
  return head.headers.find(([name]) => name.toLowerCase() === "content-type")?.[1].toLowerCase() ?? "";
}
