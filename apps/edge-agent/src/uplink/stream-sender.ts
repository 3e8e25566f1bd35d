import { randomUUID } from "node:crypto";
import {
  batchRefusal,
  batchReply,
  MAX_BATCH_ITEMS,
  MAX_ITEM_BYTES,
  type OpenReply,
  openReply,
  PROTOCOL_VERSION,
  readMessage,
} from "@rollcall/agent-protocol";
import type { Logger } from "@rollcall/observability";
import type { TableKeeper } from "../pipeline/table-keeper.ts";
import type { SpoolItem } from "../state/spool.ts";
import type { StateStore } from "../state/state-store.ts";
import { StoreFault } from "../state/store-fault.ts";
import { backoffMs } from "../supervisor/backoff.ts";
import type { Clock } from "../supervisor/clock.ts";
import type { PortalLink } from "./portal-link.ts";
import { snapshotItems } from "./snapshot-items.ts";

/** Bodies of one batch: below the 8 MiB that the gateway unpacks, and well below 1 MiB packed. */
const BATCH_BYTES = 2 * 1024 * 1024;
/** Without anything to send the stream is looked at this often all the same. */
const IDLE_MS = 15_000;
const LOCKED_AGAIN_MS = 30_000;
/** What to do about a proxy on the way whose bound on a request is below what one item may need. */
export const LARGER_BODIES =
  "Let the proxy between this agent and the portal pass requests of 1 MB (nginx: client_max_body_size).";
/** While the cloud will not open the stream, it is asked no less often: it may be right again at any moment. */
const REOPEN_MS_MAX = 10_000;

export interface StreamSender {
  /** Runs until the signal. */
  run(signal: AbortSignal): Promise<void>;
  /** Says that the spool has something new. */
  wake(): void;
  readonly state: {
    readonly isLocked: boolean;
    readonly deadLetters: number;
    readonly batches: number;
    /** Items too large for the way to the cloud, which got only their number: part of `deadLetters`. */
    readonly leftOut: number;
    /** What is wrong while the way to the cloud lets not even small items through; else null. */
    readonly blockedBecause: string | null;
  };
}

export interface StreamSenderOptions {
  readonly link: PortalLink;
  readonly keeper: TableKeeper;
  readonly clock: Clock;
  readonly log: Logger;
  /** Ids of the sources and directories of this site: a snapshot speaks for no others. */
  readonly ownSources: () => ReadonlySet<string>;
  readonly random: () => number;
  /** True while the disk is short: then nothing is kept that the cloud has. */
  readonly isDiskShort: () => boolean;
}

type Step = { readonly kind: "go-on" } | { readonly kind: "reopen" };

/**
 * Sends the spool to the cloud, in order, until it is acknowledged.
 *
 * Promises an item is let go only when the cloud has committed it; what was sent and not answered is sent again, and
 *          identities make that harmless. Collecting and answering never wait for this. One item that is too large for
 *          the way to the cloud stops nothing: its number is sent without it, and the cloud keeps that as a dead letter.
 * Source:  reliability and security, 4.3 to 4.5.
 */
export function createStreamSender(options: StreamSenderOptions): StreamSender {
  const { link, keeper, clock, log } = options;
  const bootId = randomUUID();
  const state: { -readonly [Name in keyof StreamSender["state"]]: StreamSender["state"][Name] } = {
    isLocked: false,
    deadLetters: 0,
    batches: 0,
    leftOut: 0,
    blockedBecause: null,
  };
  let wakeUp: () => void = () => undefined;
  let hasNews = false;
  let itemsMax = MAX_BATCH_ITEMS;
  let itemsBound = MAX_BATCH_ITEMS;

  async function open(
    signal: AbortSignal,
  ): Promise<{ readonly reply: OpenReply; readonly store: StateStore } | null> {
    const { store } = keeper;
    const numbers = store.spool.numbers();
    const askedAt = clock.now();
    const answer = await link.ask({
      method: "POST",
      path: "/v1/streams/open",
      answer: openReply,
      body: {
        v: PROTOCOL_VERSION,
        lane: "live",
        spoolId: store.spoolId,
        epoch: numbers.epoch,
        nextSeq: numbers.nextSeq,
        oldestRetained: store.spool.oldestRetained(),
        acked: numbers.ackedSeq,
        bootId,
        wall: askedAt,
      },
      signal,
    });
    if (answer.kind !== "answer") {
      if (answer.kind === "refused")
        log.warn({ code: answer.code, reason: answer.message }, "stream could not be opened");
      return null;
    }
    link.noteServerTime(answer.value.serverTime, askedAt);
    return { reply: answer.value, store };
  }

  /** Opens the stream and says where to go on; null where it must be tried again. */
  async function begin(signal: AbortSignal): Promise<{
    readonly stream: string;
    readonly next: number;
    readonly gapMs: number;
    readonly store: StateStore;
  } | null> {
    const opened = await open(signal);
    if (opened === null) return null;
    const { reply, store } = opened;
    const isLocked = reply.action === "locked";
    if (isLocked !== state.isLocked) {
      state.isLocked = isLocked;
      if (isLocked)
        log.error("another machine uses this agent's identity; nothing is sent until that is settled");
    }
    if (isLocked) {
      await clock.sleep(LOCKED_AGAIN_MS, signal);
      return null;
    }
    itemsBound = Math.min(reply.limits.maxItems, MAX_BATCH_ITEMS);
    itemsMax = itemsBound;
    if (reply.action === "continue") {
      log.info({ epoch: reply.epoch, first: reply.resumeFrom }, "stream goes on");
      // Where the cloud goes on it has committed all before: an answer that was lost is made good here.
      acknowledge(store, reply.resumeFrom - 1);
      return { stream: reply.stream, next: reply.resumeFrom, gapMs: reply.limits.minGapMs, store };
    }
    const items = snapshotItems(keeper.table, options.ownSources());
    store.spool.startEpoch(reply.epoch, items, clock.now());
    log.info({ epoch: reply.epoch, items: items.length }, "stream begins anew with the present state");
    return { stream: reply.stream, next: 1, gapMs: reply.limits.minGapMs, store };
  }

  /** Sends until the stream must be opened anew; true if the cloud took anything meanwhile. */
  async function send(signal: AbortSignal): Promise<boolean> {
    const begun = await begin(signal);
    if (begun === null) return false;
    let { next } = begun;
    let hasSent = false;
    /** The item that is too large for the way, until its number is acknowledged. */
    let leftOut: SpoolItem | null = null;
    while (!signal.aborted) {
      await link.ready(signal);
      if (keeper.store !== begun.store) return hasSent;
      const items = begun.store.spool.read(next, itemsMax, BATCH_BYTES);
      const [first] = items;
      const last = items.at(-1);
      if (first === undefined || last === undefined) {
        await pause(signal);
        continue;
      }
      // A number that is no longer held (cloud restored, spool pruned): only opening anew can say how to go on.
      if (first.seq !== next) return hasSent;
      const answer = await link.ask({
        method: "POST",
        path: `/v1/streams/${encodeURIComponent(begun.stream)}/batches`,
        answer: batchReply,
        body: batchText(
          begun.store.spool.numbers().epoch,
          items.map((item) => (item.seq === leftOut?.seq ? withoutBody(item) : item)),
          clock.now(),
        ),
        signal,
      });
      if (answer.kind === "answer") {
        state.batches += 1;
        hasSent = true;
        state.deadLetters += answer.value.deadLetters;
        if (answer.value.deadLetters > 0)
          log.warn(
            { count: answer.value.deadLetters, first: first.seq, last: last.seq },
            "cloud kept items as dead letters",
          );
        state.blockedBecause = null;
        // One large item made the batches small; those after it need not stay so.
        itemsMax = Math.min(itemsMax + 1, itemsBound);
        if (leftOut !== null && answer.value.ack >= leftOut.seq) {
          state.leftOut += 1;
          leftOut = null;
        }
        acknowledge(begun.store, answer.value.ack);
        next = Math.max(answer.value.ack, first.seq - 1) + 1;
        if (begun.gapMs > 0) await clock.sleep(begun.gapMs, signal);
      } else if (answer.kind === "refused") {
        if (answer.status === 413 && items.length === 1) {
          // What is no longer than a logon may be is no reason to refuse it: then nothing passes, and nothing is left out.
          if (leftOut === null && bytesOf(first) > MAX_ITEM_BYTES) {
            leftOut = first;
            log.warn(
              { seq: first.seq, bytes: bytesOf(first), remedy: LARGER_BODIES },
              "an item is too large for the way to the cloud; it is left out and the stream goes on",
            );
            continue;
          }
          state.blockedBecause = `Something on the way to the portal refuses even small requests as too large, so nothing is sent. ${LARGER_BODIES}`;
        }
        const step = afterRefusal(answer, items.length);
        if (step.kind === "reopen") return hasSent;
      }
    }
    return hasSent;
  }

  function acknowledge(store: StateStore, ack: number): void {
    try {
      store.spool.acknowledge(ack);
      // While the disk is short, what the cloud has makes room at once.
      if (options.isDiskShort()) store.spool.prune(clock.now(), { isPressed: true, isAlone: false });
    } catch (error) {
      // Not noted, so it is sent again after a restart; the cloud knows what it has.
      if (!(error instanceof StoreFault)) throw error;
      log.debug({ ack, err: error }, "acknowledgement could not be noted");
    }
  }

  function afterRefusal(
    answer: {
      readonly status: number;
      readonly code: string;
      readonly message: string;
      readonly body: string;
    },
    count: number,
  ): Step {
    if (answer.status === 413 && count > 1) {
      itemsMax = Math.max(1, Math.floor(count / 2));
      return { kind: "go-on" };
    }
    if (answer.status === 409) {
      const refusal = readMessage(batchRefusal, answer.body);
      log.warn(
        { code: refusal.kind === "message" ? refusal.message.code : answer.code, reason: answer.message },
        "batch refused; the stream is opened again",
      );
      return { kind: "reopen" };
    }
    if (answer.status === 429 || answer.status >= 500) return { kind: "go-on" };
    log.warn({ httpStatus: answer.status, code: answer.code, reason: answer.message }, "batch refused");
    return { kind: "reopen" };
  }

  async function pause(signal: AbortSignal): Promise<void> {
    if (hasNews) {
      hasNews = false;
      return;
    }
    const woken = new AbortController();
    wakeUp = () => woken.abort();
    await clock.sleep(IDLE_MS, AbortSignal.any([signal, woken.signal])).catch(() => undefined);
    wakeUp = () => undefined;
    hasNews = false;
    signal.throwIfAborted();
  }

  return {
    state,
    wake() {
      hasNews = true;
      wakeUp();
    },
    async run(signal) {
      let failures = 0;
      while (!signal.aborted) {
        await link.ready(signal);
        failures = (await send(signal)) ? 0 : failures + 1;
        // Opening again and again without getting on would only be noise.
        if (failures > 1) await clock.sleep(backoffMs(failures, options.random(), REOPEN_MS_MAX), signal);
      }
    },
  };
}

function bytesOf({ body }: SpoolItem): number {
  return Buffer.byteLength(body);
}

/** Of a kind that no cloud knows: it becomes a dead letter there, which says how large the item was. */
function withoutBody(item: SpoolItem): SpoolItem {
  return { seq: item.seq, body: JSON.stringify({ kind: "too-large", bytes: bytesOf(item) }) };
}

/** The batch as JSON. Bodies are JSON already and only get their numbers: they are neither parsed nor written again. */
function batchText(epoch: number, items: readonly SpoolItem[], now: number): string {
  const first = items[0]?.seq ?? 0;
  const last = items.at(-1)?.seq ?? 0;
  const numbered = items.map(({ seq, body }) => `{"seq":${seq},${body.slice(1)}`);
  return `{"v":${PROTOCOL_VERSION},"epoch":${epoch},"first":${first},"last":${last},"count":${items.length},"tSent":${now},"items":[${numbered.join(",")}]}`;
}
