import { createHash, createHmac, randomBytes } from "node:crypto";
import { inflateRawSync, unzipSync } from "node:zlib";
import type { Logger } from "@rollcall/observability";
import {
  createValueRules,
  type Exchange,
  ExchangeReader,
  Pseudonyms,
  type RawMessage,
  type ReadMessage,
  type RecordedPair,
  redactExchange,
} from "@rollcall/srx-protocol/recording";
import { messageOf } from "../agent-error.ts";
import type { RecordingFolder } from "./recording-folder.ts";

/** A body longer than this goes by and leaves a note of its length. */
const BODY_BYTES_MAX = 2 * 1024 * 1024;
/** All connections together. */
const HELD_BYTES_MAX = 64 * 1024 * 1024;
const SEEN_MAX = 50_000;

export interface RecorderCounts {
  readonly pairs: number;
  /** Pairs that say the same as one already kept: an idle firewall asks every few seconds. */
  readonly repeats: number;
  /** Connections of which not everything could be followed. */
  readonly unfollowed: number;
  /** Bodies of which only the length was kept. */
  readonly bodiesLeftOut: number;
  /** Names of fields and parts of paths that were replaced because they might name somebody. */
  readonly hidden: number;
}

/** Listens beside a connection. Nothing it does or fails to do reaches the connection. */
export interface ConnectionTap {
  fromClient(chunk: Uint8Array): void;
  fromServer(chunk: Uint8Array): void;
  close(): void;
}

export interface Recorder {
  tap(): ConnectionTap;
  readonly counts: RecorderCounts;
}

export interface RecorderOptions {
  readonly folder: RecordingFolder;
  /** Words that somebody vouches for: they are written as they are. */
  readonly keepWords: readonly string[];
  readonly now: () => number;
  readonly log: Logger;
}

/**
 * Writes down what goes by, without naming anybody. The key of the replacements is made here and kept nowhere.
 */
export function createRecorder({ folder, keepWords, now, log }: RecorderOptions): Recorder {
  const key = randomBytes(32);
  const startedAt = now();
  const names = new Pseudonyms({
    mac: (text) => createHmac("sha256", key).update(text).digest(),
    now: startedAt,
  });
  const rules = createValueRules(names, keepWords);
  const held = { left: HELD_BYTES_MAX };
  const seen = new Set<string>();
  let connections = 0;
  let pairs = 0;
  let repeats = 0;
  let unfollowed = 0;
  let bodiesLeftOut = 0;

  function keep(exchange: Exchange, connection: number, askedAt: number): void {
    const pair = redactExchange(
      {
        number: pairs + 1,
        connection,
        atMs: askedAt - startedAt,
        tookMs: now() - askedAt,
        request: readMessage(exchange.request),
        response: exchange.response === null ? null : readMessage(exchange.response),
      },
      rules,
      names,
    );
    const mark = markOf(pair);
    if (seen.has(mark)) {
      repeats += 1;
      return;
    }
    if (seen.size < SEEN_MAX) seen.add(mark);
    pairs += 1;
    for (const message of [pair.request, pair.response]) if (message?.bodyNote != null) bodiesLeftOut += 1;
    folder.add(pair);
  }

  return {
    tap() {
      const connection = ++connections;
      let askedAt = now();
      let isOff = false;
      const give = (reason: string): void => {
        if (isOff) return;
        isOff = true;
        unfollowed += 1;
        log.warn(
          { component: "recorder", count: connection, reason },
          "a connection is passed on without being recorded",
        );
      };
      const reader = new ExchangeReader({
        bodyBytesMax: BODY_BYTES_MAX,
        held,
        onExchange: (exchange) => guarded(() => keep(exchange, connection, askedAt)),
        onFault: give,
      });
      /** The recorder may be wrong about anything: then it is silent, and the bytes go on. */
      const guarded = (listen: () => void): void => {
        if (isOff) return;
        try {
          listen();
        } catch (error) {
          give(`the recorder failed: ${messageOf(error)}`);
        }
      };
      return {
        fromClient(chunk) {
          askedAt = now();
          guarded(() => reader.fromClient(chunk));
        },
        fromServer: (chunk) => guarded(() => reader.fromServer(chunk)),
        close: () => guarded(() => reader.close()),
      };
    },
    get counts() {
      return { pairs, repeats, unfollowed, bodiesLeftOut, hidden: rules.hidden };
    },
  };
}

function readMessage(message: RawMessage): ReadMessage {
  const { head, framing, bodyBytes, isWhole, trailers, isCut } = message;
  const about = { head, framing, bodyBytes, isWhole, trailers };
  if (isCut) return { ...about, body: null, bodyNote: "it is longer than what is kept" };
  const encoding =
    head.headers.find(([name]) => name.toLowerCase() === "content-encoding")?.[1].toLowerCase() ?? "";
  try {
    const bytes = decompress(Buffer.concat([...message.body]), encoding);
    return {
      ...about,
      body: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes),
      bodyNote: null,
    };
  } catch {
    return {
      ...about,
      body: null,
      bodyNote:
        encoding === ""
          ? "it is not UTF-8"
          : `its encoding ${/^[\w-]{1,20}$/.test(encoding) ? encoding : "(unknown)"} was not understood`,
    };
  }
}

function decompress(bytes: Buffer, encoding: string): Buffer {
  const bound = { maxOutputLength: BODY_BYTES_MAX };
  switch (encoding) {
    case "":
    case "identity":
      return bytes;
    case "gzip":
    case "x-gzip":
      return unzipSync(bytes, bound);
    case "deflate":
      // Senders disagree on whether deflate has the zlib head.
      return (bytes[0] ?? 0) % 16 === 8 ? unzipSync(bytes, bound) : inflateRawSync(bytes, bound);
    default:
      throw new Error("unknown encoding");
  }
}

/** What makes two pairs the same for a reader: all but number, time and the date of the answer. */
function markOf({ request, response }: RecordedPair): string {
  const headers = response?.headers.filter(([name]) => name.toLowerCase() !== "date");
  return createHash("sha256")
    .update(JSON.stringify([request, response === null ? null : { ...response, headers }]))
    .digest("base64");
}
