import { networkInterfaces } from "node:os";
import type { PcProbeConfig } from "@rollcall/agent-protocol";
import type { CheckResult, SourceHealth } from "@rollcall/collectors/collector";
import type { LoginPort } from "@rollcall/collectors/login-port";
import {
  askComputer,
  createProbeScope,
  isAnswered,
  type NameService,
  observationsOf,
  PROBE_SOURCE_ID,
  ProbeCounters,
  type Probed,
  type ProbeMethod,
  ProbeScheduler,
  type ProbeScope,
  verifiedHostName,
} from "@rollcall/collectors/pc-probe";
import { type IpAddress, type Observation, RecentMap } from "@rollcall/identity-core";
import type { Logger } from "@rollcall/observability";
import type { GroupCommit } from "../pipeline/group-commit.ts";
import type { TableKeeper } from "../pipeline/table-keeper.ts";
import type { Clock } from "../supervisor/clock.ts";
import { keepRunning } from "../supervisor/keep-running.ts";
import type { Part } from "../supervisor/part.ts";
import { type ProbeReport, reportOf } from "./pc-probe-report.ts";
import { ExpiryVerifier } from "./pc-probe-verifier.ts";

/** How often sessions that are about to end are looked for. */
const LOOK_MS = 2000;
/** A firewall that asks of one unknown address after the other: so many at once, then so many a second. */
const MISSES_AT_ONCE = 20;
const MISSES_PER_SECOND = 5;
const FIREWALLS_MAX = 5000;
/** Events have a turn of their own, as if they were a firewall: hundreds of computers that start at eight hold up no firewall's question. */
const EVENTS_TURN = "events";
/** What a firewall's question waits for in the queue, and then nobody waits any more. */
const MISS_WAIT_MS = 30_000;

export interface PcProbeOptions {
  readonly keeper: TableKeeper;
  readonly commits: Pick<GroupCommit, "submit">;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly login: (credentialId: string) => LoginPort;
  /** Servers of the site that were found out. */
  readonly isInfrastructure: (addressSpaceId: string, ip: IpAddress) => boolean;
  readonly wire: ProbeWire;
}

/** How computers are reached: the ways of asking, and the names of addresses. */
export interface ProbeWire {
  readonly names: NameService;
  method(id: PcProbeConfig["methods"][number]): ProbeMethod;
}

/** What a firewall asked of an address at which nobody is known, or that it wants looked at anew. */
export interface ProbeMiss {
  readonly firewallId: string;
  readonly addressSpaceIds: readonly string[];
  readonly ip: IpAddress;
}

/** The probe of a site: asks computers who sits there, for firewalls, after events that name no user, before sessions end, and when a person wants to know. */
export interface PcProbeSource extends Part {
  configure(config: PcProbeConfig | null, infrastructure: readonly string[]): void;
  /** Resolves once what was learnt can be told; null: nobody is asked because of it. */
  missed(miss: ProbeMiss): Promise<void> | null;
  /** An event named a computer at an address: it is asked who sits there where nobody is known. Nothing is waited for. */
  heardOf(addressSpaceId: string, ip: IpAddress): void;
  /** Asks at once, because a person wants to know; null where computers of that address space are not asked here. */
  report(ip: IpAddress, addressSpaceId?: string): Promise<ProbeReport> | null;
  test(): Promise<readonly CheckResult[]>;
  /** One entry where a probe is configured. */
  sourceHealth(): readonly SourceHealth[];
}

export function createPcProbe(options: PcProbeOptions): PcProbeSource {
  const { clock, log, keeper } = options;
  const counters = new ProbeCounters();
  const buckets = new RecentMap<string, { left: number; at: number }>(FIREWALLS_MAX);
  const heard = new Set<IpAddress>();
  let config: PcProbeConfig | null = null;
  let methods: readonly ProbeMethod[] = [];
  let scope: ProbeScope = createProbeScope({
    include: [],
    exclude: [],
    infrastructure: [],
    allowPublic: false,
  });
  let withheld: string | null = null;
  let lastActivityAt: number | null = null;
  let since = clock.now();
  let said = "";

  const place = () =>
    config === null
      ? null
      : { addressSpaceId: config.addressSpaceId, lifetimeMs: config.lifetimeMinutes * 60_000 };

  const scheduler = new ProbeScheduler({
    scope: () => scope,
    workers: () => config?.workers ?? 1,
    counters,
    now: clock.now,
    async ask(ip, signal) {
      const logins = (config?.credentialIds ?? []).map((credentialId) => ({
        credentialId,
        port: options.login(credentialId),
      }));
      const hostName = await verifiedHostName(ip, options.wire.names);
      return askComputer({ ip, hostName }, { methods, logins, counters }, signal);
    },
  });

  const submit = (observations: readonly Observation[]): Promise<void> =>
    observations.length === 0
      ? Promise.resolve()
      : options.commits.submit({ observations, facts: [], bookmark: null, origin: "site" });

  /** Makes durable what follows from an answer, by itself. */
  async function take(probed: Probed): Promise<void> {
    const at = place();
    if (probed.kind !== "asked" || at === null) return;
    if (isAnswered(probed.answer)) lastActivityAt = clock.now();
    else log.debug({ reason: probed.answer.sentence }, "a computer could not be asked");
    await submit(observationsOf(probed, at));
  }

  /** Why no login could be used at all; null where one could. */
  async function lookAtLogins(): Promise<string | null> {
    const ids = config?.credentialIds ?? [];
    let reason: string | null = "No credential is chosen to ask with.";
    for (const id of ids) {
      reason = await options.login(id).withheld();
      if (reason === null) break;
    }
    withheld = reason;
    return reason;
  }

  const isOn = (): boolean => config?.enabled === true && methods.length > 0;

  const verifier = new ExpiryVerifier({
    keeper,
    now: clock.now,
    counters,
    config: () => (isOn() ? config : null),
    objectionTo: (ip) => withheld ?? scheduler.objectionTo(ip)?.why ?? null,
    ask: (ip, until) => scheduler.ask(ip, { until }),
    take,
    submit,
    onFault: (err) => log.warn({ err, attempted: "verify a session" }, "a session was not verified"),
  });

  const part = keepRunning({
    name: "pc probe",
    does: "asks computers who sits there",
    clock,
    random: options.random,
    log,
    async run(signal) {
      while (!signal.aborted) {
        if (isOn()) {
          await lookAtLogins();
          if (config?.verifyAtExpiry === true) verifier.look();
        }
        await clock.sleep(LOOK_MS, signal);
      }
    },
  });

  /** Whether a computer is known there and nobody at it, where one person could be. */
  function isComputerAlone(addressSpaceId: string, ip: IpAddress): boolean {
    const entry = keeper.table.entryOf(addressSpaceId, ip);
    return (
      entry !== null && entry.device !== null && entry.user === null && !keeper.isShared(addressSpaceId, ip)
    );
  }

  function hasTurn(firewallId: string): boolean {
    const now = clock.now();
    const bucket = buckets.get(firewallId) ?? { left: MISSES_AT_ONCE, at: now };
    const filled = bucket.left + (Math.max(0, now - bucket.at) / 1000) * MISSES_PER_SECOND;
    const left = Math.min(MISSES_AT_ONCE, filled) - 1;
    buckets.set(firewallId, { left: Math.max(left, 0), at: now });
    return left >= 0;
  }

  function state(): { readonly state: SourceHealth["state"]; readonly sentence: string } {
    if (!isOn()) return { state: "off", sentence: "Switched off: no computer is asked." };
    if (config?.include.length === 0)
      return { state: "degraded", sentence: "Switched on, and no range may be asked (pcProbe.include)." };
    if (withheld !== null) return { state: "degraded", sentence: `No computer can be asked: ${withheld}` };
    const asked = counters.get("asked");
    const answered = counters.get("answer.user") + counters.get("answer.nobody");
    if (asked === 0) return { state: "ok", sentence: "No computer had to be asked yet." };
    if (asked >= 20 && answered === 0)
      return {
        state: "degraded",
        sentence: `None of ${asked} computers answered: look at their firewalls, and at the rights of the login.`,
      };
    return { state: "ok", sentence: `${answered} of ${asked} computers answered.` };
  }

  return {
    name: part.name,
    start: part.start,
    async stop() {
      scheduler.stop();
      await part.stop();
    },
    health: part.health,
    configure(next, infrastructure) {
      const isOther = JSON.stringify(config) !== JSON.stringify(next);
      config = next;
      const own = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
      scope = createProbeScope({
        include: next?.include ?? [],
        exclude: next?.exclude ?? [],
        allowPublic: next?.allowPublic ?? false,
        infrastructure: [...infrastructure, ...own.map(({ address }) => address)],
        isInfrastructure: (ip) => next !== null && options.isInfrastructure(next.addressSpaceId, ip),
      });
      if (!isOther) return;
      methods = next?.enabled === true ? next.methods.map((id) => options.wire.method(id)) : [];
      counters.keepLogins(next?.credentialIds ?? []);
      withheld = null;
    },
    missed({ firewallId, addressSpaceIds, ip }) {
      if (!isOn() || config === null || !config.onUnknownAddress) return null;
      if (!addressSpaceIds.includes(config.addressSpaceId)) return null;
      if (withheld !== null || scheduler.objectionTo(ip) !== null) return null;
      if (!hasTurn(firewallId)) {
        counters.count("missesPaced");
        return null;
      }
      counters.count("misses");
      return scheduler.ask(ip, { until: clock.now() + MISS_WAIT_MS }).then(take);
    },
    heardOf(addressSpaceId, ip) {
      if (!isOn() || config === null || !config.onEventWithoutUser || withheld !== null) return;
      if (addressSpaceId !== config.addressSpaceId || heard.has(ip)) return;
      if (scheduler.objectionTo(ip) !== null || !isComputerAlone(addressSpaceId, ip)) return;
      if (!hasTurn(EVENTS_TURN)) {
        counters.count("eventsPaced");
        return;
      }
      counters.count("eventsWithoutUser");
      heard.add(ip);
      scheduler
        .ask(ip, { until: clock.now() + MISS_WAIT_MS })
        .then(take)
        .catch((err: unknown) =>
          log.warn({ err, attempted: "ask a computer of an event" }, "nobody was found out"),
        )
        .finally(() => heard.delete(ip));
    },
    report(ip, addressSpaceId) {
      if (config === null || !isOn()) return null;
      if (addressSpaceId !== undefined && addressSpaceId !== config.addressSpaceId) return null;
      return scheduler
        .ask(ip, { until: clock.now() + MISS_WAIT_MS, isByPerson: true })
        .then(async (probed) => {
          await take(probed);
          return reportOf(probed);
        });
    },
    async test() {
      if (config === null) return [{ name: "probe", ok: false, detail: "No probe is configured." }];
      const { enabled, include, credentialIds } = config;
      const logins = await Promise.all(
        credentialIds.map(async (id): Promise<CheckResult> => {
          const reason = await options.login(id).withheld();
          return {
            name: `credential ${id}`,
            ok: reason === null,
            detail: reason ?? "It can be used.",
            ...(reason === null ? {} : { remedy: "Set the right password, or resume it." }),
          };
        }),
      );
      const asked = counters.get("asked");
      const answered = counters.get("answer.user") + counters.get("answer.nobody");
      return [
        {
          name: "switch",
          ok: enabled,
          detail: enabled ? "It is on." : "It is off.",
          ...(enabled ? {} : { remedy: "Switch it on (pcProbe.enabled)." }),
        },
        {
          name: "ranges",
          ok: include.length > 0,
          detail:
            include.length > 0
              ? `${include.length} ranges may be asked.`
              : "No range may be asked: nobody is.",
          ...(include.length > 0 ? {} : { remedy: "Include the ranges of your workstations." }),
        },
        ...(logins.length > 0
          ? logins
          : [
              {
                name: "credentials",
                ok: false,
                detail: "No credential is chosen.",
                remedy: "Choose one: a member of Distributed COM Users and Remote Management Users.",
              },
            ]),
        {
          name: "computers",
          ok: asked === 0 || answered > 0,
          detail:
            asked === 0
              ? "No computer was asked yet: try one with “probe”."
              : `${answered} of ${asked} computers answered; ${counters.get("answer.unreachable")} were unreachable, ${counters.get("answer.denied")} denied it.`,
          ...(asked > 0 && answered === 0
            ? { remedy: "See docs/runbooks/pc-probe.md: firewall rules and rights on the computers." }
            : {}),
        },
      ];
    },
    sourceHealth() {
      if (config === null) return [];
      const now = state();
      if (now.state !== said) {
        said = now.state;
        since = clock.now();
      }
      return [
        {
          id: PROBE_SOURCE_ID,
          kind: "pc-probe",
          name: "PC probe",
          ...now,
          since,
          lastActivityAt,
          counters: {
            ...counters.all(),
            busy: scheduler.busy,
            waiting: scheduler.waiting,
            verifying: verifier.verifying,
          },
        },
      ];
    },
  };
}
