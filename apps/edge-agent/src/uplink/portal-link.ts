import type { Logger } from "@rollcall/observability";
import { z } from "zod";
import type { Identity } from "../enrolment/identity.ts";
import { backoffMs } from "../supervisor/backoff.ts";
import type { Clock } from "../supervisor/clock.ts";
import {
  createGatewayClient,
  type GatewayAnswer,
  type GatewayClient,
  type GatewayQuestion,
} from "./gateway-client.ts";
import { GatewayFault } from "./gateway-fault.ts";

export type LinkState = "connected" | "unreachable" | "refused";

export interface LinkStatus {
  readonly state: LinkState;
  readonly sentence: string;
  /** Epoch ms. */
  readonly since: number;
  readonly clockOffsetMs: number | null;
}

/** Refused as whom we are: only a person, or a renewed certificate, mends that. Looked at again this often. */
const REFUSED_AGAIN_MS = 30_000;

/**
 * The longest wait between two looks for a portal that is away. With the 5 s that a connection may take, and as much for
 * the answer, the agent is back within 15 s of the portal, however long that was gone. One look at a time is made for
 * all tasks, so a thousand agents cost a gateway that is coming back no more than a few hundred handshakes a second.
 */
const LOOK_MS_MAX = 6000;
const LOOK_ANSWER_MS = 5000;

const OF_THE_QUESTION = new Set([404, 409, 410, 413]);

/**
 * Asks the gateway for all tasks of the uplink, so that they share one patience.
 *
 * When a question gets no answer, every open one is given up (it may hang on a connection that is dead and does not
 * say so) and all tasks wait while the link itself looks, again and again, whether the gateway answers anything at all.
 * Then all go on at once, on new connections.
 */
export interface PortalLink {
  readonly status: LinkStatus;
  readonly identity: Identity;
  /** Waits until the gateway may be asked again. Rejects when the signal is aborted. */
  ready(signal: AbortSignal): Promise<void>;
  /**
   * Asks once.
   *
   * Errors: throws `GatewayFault`, also for what another task's question found out; the next `ready` then waits. A
   *         refusal is a value; 429, 503 and a refused identity make `ready` wait too.
   */
  ask<S extends z.ZodType>(question: GatewayQuestion<S>): Promise<GatewayAnswer<z.output<S>>>;
  /** Goes on with another certificate. Questions that are open end as faults and are asked again. */
  setIdentity(identity: Identity): Promise<void>;
  /** Notes the gateway's clock: the offset of ours, from an exchange that took no longer than a second. */
  noteServerTime(serverTime: number, askedAt: number): void;
  onState(listener: () => void): void;
  close(): Promise<void>;
}

export interface PortalLinkOptions {
  readonly identity: Identity;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  /** For tests: another way to speak. */
  readonly connect?: (identity: Identity) => GatewayClient;
}

export function createPortalLink(options: PortalLinkOptions): PortalLink {
  const { clock, log } = options;
  const connect =
    options.connect ??
    ((identity: Identity) =>
      createGatewayClient(
        { baseUrl: identity.streamUrl, caPem: identity.caPem, client: identity.next ?? identity.current },
        clock.now,
      ));
  const listeners = new Set<() => void>();
  let identity = options.identity;
  let client = connect(identity);
  let failures = 0;
  let waitUntil = 0;
  /** Fires when nothing stands against asking any more, before `waitUntil`. */
  let allowed = new AbortController();
  /** Settled when the gateway has answered again; null while nothing says that it is away. */
  let recovery: Promise<void> | null = null;
  const closing = new AbortController();
  let status: LinkStatus = {
    state: "unreachable",
    sentence: "Not connected yet.",
    since: clock.now(),
    clockOffsetMs: null,
  };

  function set(state: LinkState, sentence: string): void {
    const isChange = state !== status.state;
    if (!isChange && sentence === status.sentence) return;
    status = { ...status, state, sentence, since: isChange ? clock.now() : status.since };
    if (!isChange) return;
    if (state === "connected") log.info({ url: identity.streamUrl }, "connected to the portal");
    else
      log.warn(
        { url: identity.streamUrl, state, reason: sentence },
        "portal cannot be used; local work goes on",
      );
    for (const listener of listeners) listener();
  }

  function pause(ms: number): void {
    waitUntil = Math.max(waitUntil, clock.now() + ms);
  }

  function goOnWith(next: Identity): Promise<void> {
    identity = next;
    const before = client;
    client = connect(next);
    return before.close();
  }

  function lose(fault: GatewayFault): void {
    failures += 1;
    set("unreachable", sentenceOf(fault));
    // What cannot be read came from a gateway that is there: looking for it again would only find it.
    if (fault.kind === "interrupted") pause(backoffMs(failures, options.random(), LOOK_MS_MAX));
    else
      recovery ??= look().finally(() => {
        recovery = null;
      });
  }

  /** Ends when the gateway answers anything, if only that there is nothing at this place; or when the link is closed. */
  async function look(): Promise<void> {
    await goOnWith(identity);
    while (!closing.signal.aborted) {
      try {
        await clock.sleep(backoffMs(failures, options.random(), LOOK_MS_MAX), closing.signal);
        await client.ask({
          method: "GET",
          path: "/v1/alive",
          answer: z.unknown(),
          answerMs: LOOK_ANSWER_MS,
          signal: closing.signal,
        });
        return;
      } catch (error) {
        if (closing.signal.aborted) return;
        failures += 1;
        if (!(error instanceof GatewayFault)) continue;
        if (error.kind === "interrupted") return;
        set("unreachable", sentenceOf(error));
      }
    }
  }

  return {
    get status() {
      return status;
    },
    get identity() {
      return identity;
    },
    async ready(signal) {
      signal.throwIfAborted();
      for (;;) {
        const left = waitUntil - clock.now();
        if (recovery !== null) await unlessAborted(recovery, signal);
        else if (left > 0)
          await clock
            .sleep(left, AbortSignal.any([signal, allowed.signal]))
            .catch(() => signal.throwIfAborted());
        else return;
      }
    },
    async ask(question) {
      const asked = client;
      let answer: Awaited<ReturnType<typeof asked.ask<typeof question.answer>>>;
      try {
        answer = await asked.ask(question);
      } catch (error) {
        // One that was given up with its connections says nothing new about the way to the portal.
        if (error instanceof GatewayFault && asked === client) lose(error);
        throw error;
      }
      if (answer.kind !== "refused") {
        failures = 0;
        if (waitUntil > 0) {
          waitUntil = 0;
          allowed.abort();
          allowed = new AbortController();
        }
        set("connected", "Connected.");
        return answer;
      }
      // An answer to the certificate before this one says nothing any more.
      if (asked !== client) return answer;
      if (answer.status === 401 || answer.status === 403) {
        pause(REFUSED_AGAIN_MS);
        set("refused", sentenceOf(answer));
      } else if (answer.status === 429 || answer.status >= 500) {
        failures += 1;
        pause(answer.retryAfterMs ?? backoffMs(failures, options.random(), LOOK_MS_MAX));
        if (answer.status >= 500 && failures > 2) set("unreachable", answer.message);
      } else {
        // What belongs to one question (409, 410, 413) is the asker's; anything else would only be refused again.
        if (!OF_THE_QUESTION.has(answer.status)) {
          failures += 1;
          pause(backoffMs(failures, options.random()));
        }
        set("connected", "Connected.");
      }
      return answer;
    },
    setIdentity: goOnWith,
    noteServerTime(serverTime, askedAt) {
      const now = clock.now();
      if (now - askedAt <= 1000)
        status = { ...status, clockOffsetMs: Math.round((askedAt + now) / 2 - serverTime) };
    },
    onState: (listener) => void listeners.add(listener),
    async close() {
      closing.abort();
      await client.close();
      await recovery;
    },
  };
}

function sentenceOf({
  message,
  remedy,
}: {
  readonly message: string;
  readonly remedy: string | null;
}): string {
  return remedy === null ? message : `${message} ${remedy}`;
}

async function unlessAborted(wait: Promise<void>, signal: AbortSignal): Promise<void> {
  let stop: () => void = () => undefined;
  try {
    await Promise.race([
      wait,
      new Promise<never>((_, reject) => {
        stop = () => reject(signal.reason);
        signal.addEventListener("abort", stop, { once: true });
      }),
    ]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
