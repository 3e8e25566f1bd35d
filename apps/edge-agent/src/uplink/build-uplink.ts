import { CONFIG_LEVEL, type SiteConfig } from "@rollcall/agent-protocol";
import type { SyslogListener } from "@rollcall/collectors/syslog";
import { parseIp } from "@rollcall/identity-core";
import type { Logger } from "@rollcall/observability";
import type { Doctor } from "../doctor/doctor.ts";
import type { Identity } from "../enrolment/identity.ts";
import type { FirewallTls } from "../firewall/firewall-certificate.ts";
import type { PushKeeper } from "../firewall/push-keeper.ts";
import type { GroupCommit } from "../pipeline/group-commit.ts";
import { type LookUpView, lookUpAddress } from "../pipeline/look-up.ts";
import type { TableKeeper } from "../pipeline/table-keeper.ts";
import type { EffectiveSite } from "../sources/effective-site.ts";
import type { SiteRuntime } from "../sources/site-runtime.ts";
import type { StateFolder } from "../state/state-folder.ts";
import { StoreFault } from "../state/store-fault.ts";
import type { AgentReport } from "../status/agent-report.ts";
import type { Clock } from "../supervisor/clock.ts";
import { keepRunning } from "../supervisor/keep-running.ts";
import type { Part } from "../supervisor/part.ts";
import { followCommands } from "./commands.ts";
import { pollConfig } from "./config-poll.ts";
import { createDownlink } from "./downlink.ts";
import { createFirewallCertificateKeeper } from "./firewall-certificate-keeper.ts";
import { GatewayFault } from "./gateway-fault.ts";
import { createHealthReporter } from "./health-reporter.ts";
import { createPortalLink, type PortalLink } from "./portal-link.ts";
import { keepCertificate } from "./renewal.ts";
import { createStreamSender, type StreamSender } from "./stream-sender.ts";

/** How often it is looked whether any state differs from what was last told. */
const WATCH_MS = 500;

export interface UplinkOptions {
  readonly identity: Identity;
  readonly folder: StateFolder;
  readonly keeper: TableKeeper;
  readonly commits: GroupCommit;
  readonly site: SiteRuntime;
  readonly syslog: SyslogListener | null;
  readonly combine: (portal: SiteConfig | null) => EffectiveSite;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly firewallTls: {
    readonly current: () => FirewallTls | null;
    readonly use: (tls: FirewallTls) => void;
  };
  readonly report: () => AgentReport;
  readonly doctor: () => Doctor;
  readonly push: Pick<PushKeeper, "resync" | "portalSpoke">;
  readonly lookUpView: () => LookUpView;
}

export interface Uplink {
  readonly link: PortalLink;
  readonly sender: StreamSender;
  readonly parts: readonly Part[];
  refusedConfig(): { readonly version: number; readonly reason: string } | null;
}

/** Builds everything that speaks to the gateway. None of it is waited for by what collects or answers. */
export function buildUplink(options: UplinkOptions): Uplink {
  const { folder, keeper, commits, site, syslog, clock, random, log } = options;
  const link = createPortalLink({ identity: options.identity, clock, random, log });
  const sender = createStreamSender({
    link,
    keeper,
    clock,
    log,
    ownSources: site.ownSources,
    random,
    isDiskShort: () => commits.storeState.state === "full",
  });
  const downlink = createDownlink({ link, keeper, commits });
  const certificate = createFirewallCertificateKeeper({
    link,
    folder,
    clock,
    log,
    current: options.firewallTls.current,
    wantedNames: () =>
      site.effective?.version === null ? [] : (site.effective?.site.firewallListener.names ?? []),
    use: options.firewallTls.use,
  });
  const health = createHealthReporter({ link, clock, report: () => options.report().health() });
  let refused: { readonly version: number; readonly reason: string } | null = null;
  commits.onCommit(sender.wake);
  commits.onStoreState(health.hurry);

  const task = (name: string, does: string, run: (signal: AbortSignal) => Promise<void>): Part =>
    keepRunning({ name, does, clock, random, log, run: patiently(run) });

  /** What is in force but could not be noted is fetched again after a restart: no reason to refuse it. */
  function keepAsLastGood(version: number, config: SiteConfig): void {
    try {
      keeper.store.saveConfiguration({ version, level: CONFIG_LEVEL, body: JSON.stringify(config) });
    } catch (error) {
      if (!(error instanceof StoreFault)) throw error;
      log.warn({ configVersion: version, err: error }, "configuration is in force and could not be stored");
    }
  }

  const parts: Part[] = [
    {
      name: "portal link",
      start: async () => undefined,
      stop: () => link.close(),
      health: () => {
        const { state, sentence, since } = link.status;
        return {
          state: state === "connected" ? "ok" : state === "unreachable" ? "degraded" : "broken",
          sentence,
          since,
        };
      },
    },
    task("agent certificate", "keeps the agent's certificate valid", (signal) =>
      keepCertificate({ link, identityFile: folder.identity, clock, random, log }, signal),
    ),
    task("stream", "sends what was seen to the cloud", (signal) => sender.run(signal)),
    task("configuration", "fetches what the portal wants", (signal) =>
      pollConfig(
        {
          link,
          log,
          currentVersion: () => site.effective?.version ?? null,
          // An older version of this agent fetched it, and was given what it knew.
          isKeptOfOlder: () => (keeper.store.configuration?.level ?? 1) < CONFIG_LEVEL,
          async apply(config, version) {
            const held = new Set(site.effective?.site.addressSpaces.map(({ id }) => id));
            await site.apply(options.combine(config));
            // Not waited for: while the disk is full it would hold up the change itself.
            if (config.addressSpaces.some(({ id }) => !held.has(id)))
              downlink
                .restart()
                .catch((error: unknown) =>
                  log.warn(
                    { err: error, attempted: "read the downlink again" },
                    "another address space is held",
                  ),
                );
            keepAsLastGood(version, config);
            refused = null;
            certificate.hurry();
            health.hurry();
          },
          onCurrent: options.push.portalSpoke,
          onRefused(version, reason) {
            refused = { version, reason };
            health.hurry();
          },
        },
        signal,
      ),
    ),
    task("commands", "answers the portal's questions", (signal) =>
      followCommands(
        {
          link,
          clock,
          log,
          desk: {
            testSource: site.test,
            examine: (limit) => options.doctor().examine(null, limit),
            pushResync: options.push.resync,
            resumeCredential: site.credentials.resume,
            probe: (ip, addressSpaceId) => site.probe?.report(ip, addressSpaceId) ?? null,
            lookUp(ip, addressSpaceId) {
              const address = parseIp(ip);
              return address === null
                ? []
                : lookUpAddress(options.lookUpView(), address, clock.now(), addressSpaceId);
            },
            tail: async (wanted) => (syslog === null ? [] : [...(await syslog.tail(wanted))]),
          },
        },
        signal,
      ),
    ),
    task("downlink", "takes over what others learnt", (signal) => downlink.follow(signal)),
    ...(options.firewallTls.current() === null
      ? []
      : [
          task("firewall certificate", "keeps the firewall listener's certificate valid", (signal) =>
            certificate.run(signal),
          ),
        ]),
    task("health report", "says how the agent is", (signal) => health.run(signal)),
    task("state watch", "tells changes of state at once", async (signal) => {
      let told = "";
      while (!signal.aborted) {
        await clock.sleep(WATCH_MS, signal);
        const key = options.report().stateKey();
        if (key !== told) health.hurry();
        told = key;
      }
    }),
  ];
  return { link, sender, parts, refusedConfig: () => refused };
}

/** Goes on after the gateway could not be reached: that is an ordinary state of a site, and the link says so. */
function patiently(run: (signal: AbortSignal) => Promise<void>): (signal: AbortSignal) => Promise<void> {
  return async (signal) => {
    while (!signal.aborted) {
      try {
        await run(signal);
        return;
      } catch (error) {
        if (signal.aborted || error instanceof GatewayFault) continue;
        throw error;
      }
    }
  };
}
