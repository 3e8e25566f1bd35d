import type { Logger } from "@rollcall/observability";
import type { z } from "zod";
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

const OF_THE_QUESTION = new Set([404, 409, 410, 413]);

/** Asks the gateway for all tasks of the uplink, so that they share one patience: when one fails, all wait. */
export interface PortalLink {
  readonly status: LinkStatus;
  readonly identity: Identity;
  /** Waits until the gateway may be asked again. Rejects when the signal is aborted. */
  ready(signal: AbortSignal): Promise<void>;
  /**
   * Asks once.
   *
   * Errors: throws `GatewayFault`; the next `ready` then waits. A refusal is a value; 429, 503 and a refused identity
   *         make `ready` wait too.
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

  return {
    get status() {
      return status;
    },
    get identity() {
      return identity;
    },
    async ready(signal) {
      signal.throwIfAborted();
      for (let left = waitUntil - clock.now(); left > 0; left = waitUntil - clock.now())
        await clock.sleep(left, signal);
    },
    async ask(question) {
      const asked = client;
      let answer: Awaited<ReturnType<typeof asked.ask<typeof question.answer>>>;
      try {
        answer = await asked.ask(question);
      } catch (error) {
        // A question that the change of certificate cut off says nothing about the way to the portal.
        if (error instanceof GatewayFault && asked === client) {
          failures += 1;
          pause(backoffMs(failures, options.random()));
          set("unreachable", error.remedy === null ? error.message : `${error.message} ${error.remedy}`);
        }
        throw error;
      }
      if (answer.kind !== "refused") {
        failures = 0;
        waitUntil = 0;
        set("connected", "Connected.");
        return answer;
      }
      // An answer to the certificate before this one says nothing any more.
      if (asked !== client) return answer;
      if (answer.status === 401 || answer.status === 403) {
        pause(REFUSED_AGAIN_MS);
        set("refused", answer.remedy === null ? answer.message : `${answer.message} ${answer.remedy}`);
      } else if (answer.status === 429 || answer.status >= 500) {
        failures += 1;
        pause(answer.retryAfterMs ?? backoffMs(failures, options.random()));
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
    async setIdentity(next) {
      identity = next;
      const before = client;
      client = connect(next);
      await before.close();
    },
    noteServerTime(serverTime, askedAt) {
      const now = clock.now();
      if (now - askedAt <= 1000)
        status = { ...status, clockOffsetMs: Math.round((askedAt + now) / 2 - serverTime) };
    },
    onState: (listener) => void listeners.add(listener),
    close: () => client.close(),
  };
}
