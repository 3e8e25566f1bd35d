import { setImmediate as nextTurn } from "node:timers/promises";
import type { WindowsEvent } from "@rollcall/event-rules";
import type { EpochMs, IpAddress, Observation } from "@rollcall/identity-core";
import type { Logger } from "@rollcall/observability";
import type { EventCounters } from "../event-log/event-counters.ts";
import type { EventJudge } from "../event-log/event-judge.ts";
import type { Computer } from "./computer.ts";
import type { ComputerList } from "./computer-list.ts";
import { writeMark } from "./computer-mark.ts";
import type { DeliveryQueue } from "./delivery-queue.ts";
import { readEvent } from "./event-reader.ts";
import { type MessageText, readMessageText, writeMessageText } from "./message-text.ts";
import { decodeSldc } from "./sldc.ts";
import { readSoap, type SoapMessage } from "./soap-reader.ts";
import { ack, enumerateResponse } from "./soap-writer.ts";
import type { Subscription } from "./subscription.ts";

/** A message of a computer that proved its names. */
export interface WefRequest {
  readonly bytes: Uint8Array;
  readonly contentType: string;
  readonly contentEncoding: string;
  readonly sender: {
    /** As its certificate says them, lower case; the first is what it is called here. */
    readonly names: readonly string[];
    /** Where its connection comes from. */
    readonly ip: IpAddress;
  };
}

export interface WefReply {
  readonly status: 200 | 204 | 400 | 404 | 413 | 415 | 503;
  readonly body: Uint8Array | null;
  readonly contentType: string | null;
}

export interface WefEngineOptions {
  readonly subscription: Subscription;
  readonly judge: EventJudge;
  readonly counters: EventCounters;
  readonly computers: ComputerList;
  readonly queue: DeliveryQueue;
  /** Where a computer is known to have been; asked where its own connections do not say. */
  readonly knownPlaces: (computer: string, at: EpochMs) => readonly IpAddress[];
  readonly now: () => EpochMs;
  readonly newId: () => string;
  readonly log: Logger;
  /** How long an answer waits for the commit before the computer is asked to come again. */
  readonly commitWaitMs: number;
}

/** A whole message, as text of two bytes a character, is at most `MAX_ENVELOPE_BYTES`; the rest is slack. */
export const MAX_MESSAGE_BYTES = 640 * 1024;
/** Events are read so long in one turn: others (a firewall that asks) have theirs between. */
const TURN_MS = 5;
/** An event this far ahead of our clock comes from a clock that is off: it opens nothing. Source: semantics 1 (documented). */
const AHEAD_MS = 10 * 60_000;
const ACTION = {
  enumerate: "http://schemas.xmlsoap.org/ws/2004/09/enumeration/Enumerate",
  end: "http://schemas.microsoft.com/wbem/wsman/1/wsman/End",
  heartbeat: "http://schemas.dmtf.org/wbem/wsman/1/wsman/Heartbeat",
  events: "http://schemas.dmtf.org/wbem/wsman/1/wsman/Events",
  subscriptionEnd: "http://schemas.xmlsoap.org/ws/2004/08/eventing/SubscriptionEnd",
} as const;

/**
 * What the collector of event forwarding answers to each message of a computer. Knows no socket.
 *
 * Promises the answer to `Events` comes after the commit of what they held; until then, and where it takes too long, the
 *          computer sends them again, and a repeat has no second effect.
 * Shape:   who speaks is the sender's certificate. An event that another computer wrote is refused and counted as forged, and
 *          the rest of its message counts.
 * Errors:  none thrown for anything that a computer sends.
 */
export class WefEngine {
  readonly #options: WefEngineOptions;

  constructor(options: WefEngineOptions) {
    this.#options = options;
  }

  async handle(request: WefRequest): Promise<WefReply> {
    const { counters, computers, now } = this.#options;
    const [name = ""] = request.sender.names;
    counters.add("messages");
    const computer = computers.take(name, now());
    computer.heardFrom(request.sender.ip, now());
    // A computer that has only just connected may ask for nothing yet. Source: captured with Kerberos; assumed with TLS.
    if (request.bytes.length === 0) return reply(200);
    const bytes = this.#expand(request);
    if (!(bytes instanceof Uint8Array)) return bytes;
    const text = readMessageText(bytes, request.contentType);
    if (text.sanitised > 0) counters.add("sanitised", text.sanitised);
    const read = readSoap(text.text);
    if (read.kind === "refused") return this.#refuse(400, read.reason);
    return this.#answer(read.message, text, computer, request.sender);
  }

  #expand(request: WefRequest): Uint8Array | WefReply {
    const encoding = request.contentEncoding.trim().toLowerCase();
    if (encoding === "" || encoding === "identity") return request.bytes;
    if (encoding !== "sldc") return this.#refuse(415, "content-encoding");
    const decoded = decodeSldc(request.bytes, MAX_MESSAGE_BYTES);
    if (decoded.kind === "decoded") return decoded.bytes;
    return decoded.reason === "too-long"
      ? this.#refuse(413, "too-long")
      : this.#refuse(400, `sldc-${decoded.reason}`);
  }

  async #answer(
    message: SoapMessage,
    text: MessageText,
    computer: Computer,
    sender: WefRequest["sender"],
  ): Promise<WefReply> {
    const { counters, subscription, newId } = this.#options;
    switch (message.action) {
      case ACTION.enumerate:
        counters.add("enumerations");
        return written(enumerateResponse(message, { subscription, marks: computer.marks, newId }), text);
      case ACTION.end:
        return reply(204);
      case ACTION.subscriptionEnd:
        counters.add("subscriptionEnds");
        return reply(200);
      case ACTION.heartbeat:
        if (!this.#isOurs(message)) return this.#unknown();
        counters.add("heartbeats");
        return written(ack(message, newId), text);
      case ACTION.events:
        if (!this.#isOurs(message)) return this.#unknown();
        return this.#take(message, text, computer, sender);
      default:
        return this.#refuse(400, "unknown-action");
    }
  }

  #isOurs({ identifier }: SoapMessage): boolean {
    return identifier?.toUpperCase() === this.#options.subscription.version;
  }

  /** The computer follows a subscription of before: by this answer it asks for the present one. */
  #unknown(): WefReply {
    this.#options.counters.add("otherSubscription");
    return reply(404);
  }

  async #take(
    message: SoapMessage,
    text: MessageText,
    computer: Computer,
    sender: WefRequest["sender"],
  ): Promise<WefReply> {
    const { queue, counters, newId } = this.#options;
    if (queue.isFull) return this.#later();
    const observations = await this.#observe(message.events, computer, sender);
    const marks = message.marks.length > 0 ? message.marks : computer.marks;
    const isKept = await new Promise<boolean>((resolve) => {
      const timer = setTimeout(() => resolve(false), this.#options.commitWaitMs);
      queue.push({
        observations,
        mark: { key: computer.name, value: writeMark({ marks, stay: computer.stay }) },
        onKept() {
          clearTimeout(timer);
          computer.marks = marks;
          resolve(true);
        },
      });
    });
    if (!isKept) return this.#later();
    counters.add("acknowledged");
    return written(ack(message, newId), text);
  }

  async #observe(
    events: readonly string[],
    computer: Computer,
    sender: WefRequest["sender"],
  ): Promise<readonly Observation[]> {
    const { counters, judge, knownPlaces, now } = this.#options;
    const receivedAt = now();
    const arrival = {
      receivedAt,
      // Its clock cannot be asked; what is ahead of ours is seen below.
      clockOffsetMs: 0,
      speaker: computer.name,
      seesDevice: true,
      addressesOf: (name: string, at: EpochMs): readonly IpAddress[] => {
        const place = computer.placeAt(at);
        return place === null ? knownPlaces(name, at) : [place];
      },
      everywhereOf: (name: string, at: EpochMs): readonly IpAddress[] => {
        const place = computer.placeAt(at);
        return [...new Set([...(place === null ? [] : [place]), ...knownPlaces(name, at)])];
      },
      mayWait: false,
    };
    const judgeEvent = judge.open(arrival);
    const judgeAhead = judge.open({ ...arrival, cap: "D" });
    const observations: Observation[] = [];
    counters.received(events.length, receivedAt);
    computer.events += events.length;
    let turnBegan = performance.now();
    for (const xml of events) {
      if (performance.now() - turnBegan > TURN_MS) {
        await nextTurn();
        turnBegan = performance.now();
      }
      const event = this.#read(xml);
      if (event === null) continue;
      if (!sender.names.includes(event.computer.toLowerCase())) {
        this.#noteForged(event, computer);
        continue;
      }
      const isAhead = event.time > receivedAt + AHEAD_MS;
      if (isAhead) counters.add("clockAhead");
      observations.push(...(isAhead ? judgeAhead : judgeEvent)(called(event, computer.name)));
    }
    return observations;
  }

  #read(xml: string): WindowsEvent | null {
    const { counters } = this.#options;
    const read = readEvent(xml);
    if (read.sanitised > 0) counters.add("sanitised", read.sanitised);
    switch (read.kind) {
      case "event":
        return read.event;
      case "bookmark":
        counters.add("bookmarkEvents");
        return null;
      case "damaged":
        counters.add("refused");
        counters.add(`damaged.${read.reason}`);
        return null;
    }
  }

  #noteForged(event: WindowsEvent, computer: Computer): void {
    const { counters, log, now } = this.#options;
    counters.add("refused");
    counters.add("forged");
    counters.set("lastForgedAt", now());
    computer.forged += 1;
    // Once for each computer is enough: what it sends may be millions.
    if (computer.forged === 1)
      log.warn(
        { sender: computer.name, sample: event.computer.slice(0, 100), reason: "forged" },
        "an event that another computer wrote was refused: a certificate speaks for its own computer only",
      );
  }

  #later(): WefReply {
    this.#options.counters.add("askedToComeAgain");
    return reply(503);
  }

  #refuse(status: 400 | 413 | 415, reason: string): WefReply {
    const { counters } = this.#options;
    counters.add("refusedMessages");
    counters.add(`refusedMessages.${reason}`);
    return reply(status);
  }
}

/** Its other names are the same computer. */
function called(event: WindowsEvent, name: string): WindowsEvent {
  return event.computer.toLowerCase() === name ? event : { ...event, computer: name };
}

function reply(status: WefReply["status"]): WefReply {
  return { status, body: null, contentType: null };
}

/** Written as the question was. */
function written(xml: string, { isUtf16 }: MessageText): WefReply {
  return {
    status: 200,
    body: writeMessageText(xml, isUtf16),
    contentType: `application/soap+xml;charset=${isUtf16 ? "UTF-16" : "UTF-8"}`,
  };
}
