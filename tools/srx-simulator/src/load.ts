import { setTimeout as wait } from "node:timers/promises";
import { ServerLink, type ServerOptions } from "./server-link.ts";
import { explainNetworkError, type SimulatorFault } from "./simulator-fault.ts";
import { TokenHolder } from "./token-holder.ts";

export interface LoadOptions {
  readonly server: ServerOptions;
  readonly firewalls: number;
  readonly seconds: number;
  /** 0 polls without a pause. */
  readonly intervalMs: number;
  readonly items: number;
  /** Each firewall fetches a token of its own, instead of one for all. A server may keep few for one client. */
  readonly ownTokens: boolean;
  readonly signal: AbortSignal;
}

/** What a load run saw. Polls are answered batch queries; latency is of those, from request to last byte. */
export interface LoadReport {
  readonly firewalls: number;
  /** How long it ran, which is shorter than asked for when it was interrupted. */
  readonly seconds: number;
  readonly polls: number;
  readonly pollsPerSecond: number;
  readonly errors: number;
  readonly errorsByKind: Readonly<Record<string, number>>;
  readonly latencyMsP50: number | null;
  readonly latencyMsP99: number | null;
  /** Reports received by all firewalls together, and the most that one received. */
  readonly entries: number;
  readonly entriesPerFirewallMax: number;
  readonly rejectedEntries: number;
  readonly complaints: Readonly<Record<string, number>>;
}

/**
 * Polls as many firewalls at once, each with its own connection and cookie, and measures.
 *
 * Firewalls start spread over one interval, and keep no table: memory is the server's to show, not ours.
 *
 * Units:  latency includes the wait for a token when one had to be fetched.
 * Errors: an unanswered poll is counted and the firewall goes on; `lastFault` is the last of them.
 */
export async function runLoad(
  options: LoadOptions,
): Promise<{ report: LoadReport; lastFault: SimulatorFault | null }> {
  const tokens = options.ownTokens ? undefined : new TokenHolder();
  const links = Array.from(
    { length: options.firewalls },
    () => new ServerLink({ ...options.server, connections: 1, tokens }),
  );
  const ending = AbortSignal.any([options.signal, AbortSignal.timeout(options.seconds * 1000)]);
  const latenciesMs: number[] = [];
  const errorsByKind: Record<string, number> = {};
  let errors = 0;
  let lastFault: SimulatorFault | null = null;

  const pause = async (ms: number) => {
    // The end of the run is the ordinary way out of a pause.
    await wait(ms, undefined, { signal: ending }).catch(() => {});
  };

  const poll = async (link: ServerLink, place: number) => {
    await pause((options.intervalMs * place) / options.firewalls);
    let cookie: string | null = null;
    while (!ending.aborted) {
      const startedAtMs = performance.now();
      let isFull = false;
      try {
        const answer = await link.batch({ cookie, items: options.items, signal: ending });
        latenciesMs.push(performance.now() - startedAtMs);
        const moved = answer.cookie !== null && answer.cookie !== cookie;
        isFull = moved && answer.reports.length + answer.rejected.length >= options.items;
        cookie = answer.cookie ?? cookie;
      } catch (error) {
        if (ending.aborted) return;
        lastFault = explainNetworkError(error, `poll ${link.url.origin}`, link.url);
        errors++;
        errorsByKind[lastFault.code] = (errorsByKind[lastFault.code] ?? 0) + 1;
        // A server that refuses at once must not make this a busy loop.
        await pause(Math.max(options.intervalMs, 100));
        continue;
      }
      if (!isFull && options.intervalMs > 0) await pause(options.intervalMs);
    }
  };

  const startedAtMs = performance.now();
  await Promise.all(links.map(poll));
  const seconds = (performance.now() - startedAtMs) / 1000;
  await Promise.all(links.map((link) => link.close()));

  latenciesMs.sort((a, b) => a - b);
  const received = links.map((link) => link.counters.entriesReceived);
  const report: LoadReport = {
    firewalls: options.firewalls,
    seconds: round(seconds),
    polls: latenciesMs.length,
    pollsPerSecond: round(latenciesMs.length / seconds),
    errors,
    errorsByKind,
    latencyMsP50: quantile(latenciesMs, 0.5),
    latencyMsP99: quantile(latenciesMs, 0.99),
    entries: received.reduce((sum, count) => sum + count, 0),
    entriesPerFirewallMax: received.reduce((most, count) => Math.max(most, count), 0),
    rejectedEntries: links.reduce((sum, link) => sum + link.counters.rejectedEntries, 0),
    complaints: sumOf(links.map((link) => link.complaints)),
  };
  return { report, lastFault };
}

/** Nearest rank of sorted values; `null` of none. */
export function quantile(sorted: readonly number[], share: number): number | null {
  const value = sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)];
  return value === undefined ? null : round(value);
}

function sumOf(all: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const sum: Record<string, number> = {};
  for (const one of all) for (const [key, count] of Object.entries(one)) sum[key] = (sum[key] ?? 0) + count;
  return sum;
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
