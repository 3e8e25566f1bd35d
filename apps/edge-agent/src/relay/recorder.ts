import { createHash, createHmac, randomBytes } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";
import { inflateRawSync, unzipSync } from "node:zlib";
import type { Logger } from "@rollcall/observability";
import {
  createValueRules,
  type Exchange,
  ExchangeReader,
  Pseudonyms,
  type RawMessage,
  type ReadExchange,
  type ReadMessage,
  type RecordedPair,
  redactInSteps,
} from "@rollcall/srx-protocol/recording";
import { messageOf } from "../agent-error.ts";
import type { RecordingFolder } from "./recording-folder.ts";

/** A body longer than this goes by and leaves a note of its length. */
const BODY_BYTES_MAX = 2 * 1024 * 1024;
/** All connections together. */
const HELD_BYTES_MAX = 64 * 1024 * 1024;
/** Characters of bodies that wait to be redacted. */
const WAITING_CHARACTERS_MAX = 64 * 1024 * 1024;
/** So long at most the relay's connections wait for a redaction to go on. */
const SLICE_MS = 4;
const SEEN_MAX = 50_000;

export interface RecorderCounts {
  readonly pairs: number;
  /** Pairs that say the same as one already kept: an idle firewall asks every few seconds. */
  readonly repeats: number;
  /** Pairs that came faster than they could be redacted, or that could not be. */
  readonly lost: number;
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
  /** Waits until everything that was heard is with the folder. */
  settle(): Promise<void>;
  readonly counts: RecorderCounts;
}

export interface RecorderOptions {
  readonly folder: RecordingFolder;
  /** Words that somebody vouches for: they are written as they are. */
  readonly keepWords: readonly string[];
  readonly now: () => number;
  readonly log: Logger;
  readonly waitingCharactersMax?: number;
  readonly heldBytesMax?: number;
}

/**
 * Writes down what goes by, without naming anybody. The key of the replacements is made here and kept nowhere.
 *
 * Redacting a large table takes a quarter of a second: it is done between the turns of the connections, a few ms at a time,
 * one exchange after the other, for what is replaced depends on what was replaced before.
 */
export function createRecorder(options: RecorderOptions): Recorder {
  const {
    folder,
    keepWords,
    now,
    log,
    waitingCharactersMax = WAITING_CHARACTERS_MAX,
    heldBytesMax = HELD_BYTES_MAX,
  } = options;
  const key = randomBytes(32);
  const startedAt = now();
  const names = new Pseudonyms({
    mac: (text) => createHmac("sha256", key).update(text).digest(),
    now: startedAt,
  });
  const rules = createValueRules(names, keepWords);
  const held = { left: heldBytesMax };
  const seen = new Set<string>();
  let connections = 0;
  let pairs = 0;
  let repeats = 0;
  let lost = 0;
  const waiting: Omit<ReadExchange, "number">[] = [];
  let waitingCharacters = 0;
  let redacting: Promise<void> | null = null;
  let unfollowed = 0;
  let bodiesLeftOut = 0;

  function keep(exchange: Exchange, connection: number, askedAt: number): void {
    const read = {
      connection,
      atMs: askedAt - startedAt,
      tookMs: now() - askedAt,
      request: readMessage(exchange.request),
      response: exchange.response === null ? null : readMessage(exchange.response),
    };
    if (waitingCharacters + charactersOf(read) > waitingCharactersMax) {
      lost += 1;
      return;
    }
    waiting.push(read);
    waitingCharacters += charactersOf(read);
    redacting ??= redactWaiting();
  }

  async function redactWaiting(): Promise<void> {
    for (let read = waiting[0]; read !== undefined; read = waiting[0]) {
      try {
        write(await redacted(read));
      } catch (error) {
        lost += 1;
        log.warn({ component: "recorder", reason: messageOf(error) }, "a pair could not be recorded");
      }
      waiting.shift();
      waitingCharacters -= charactersOf(read);
    }
    redacting = null;
  }

  async function redacted(read: Omit<ReadExchange, "number">): Promise<RecordedPair> {
    const steps = redactInSteps({ ...read, number: pairs + 1 }, rules, names);
    for (;;) {
      await nextTurn();
      const until = performance.now() + SLICE_MS;
      do {
        const step = steps.next();
        if (step.done === true) return step.value;
      } while (performance.now() < until);
    }
  }

  function write(pair: RecordedPair): void {
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
          reader.drop();
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
    async settle() {
      await redacting;
    },
    get counts() {
      return { pairs, repeats, lost, unfollowed, bodiesLeftOut, hidden: rules.hidden };
    },
  };
}

function charactersOf({ request, response }: Pick<ReadExchange, "request" | "response">): number {
  // Heads and what is kept about each: bounded, and never nothing.
  return 4096 + (request.body?.length ?? 0) + (response?.body?.length ?? 0);
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
