import { statfs } from "node:fs/promises";
import { createServer } from "node:net";
import type { CheckResult } from "@rollcall/collectors/collector";
import { CLOCK_DEGRADED_MS, CLOCK_SAID_MS } from "@rollcall/health";
import { listenFault } from "../firewall/listen-fault.ts";
import { type AgentSettings, formatListen, type ListenAddress } from "../settings.ts";
import type { StatusDocument } from "../status/status-document.ts";

/** Below the first the store may run out within days; below the second it is about to. */
const FREE_BYTES_SAID = 1024 ** 3;
const FREE_BYTES_MIN = 128 * 1024 ** 2;

/** What a running agent knows of itself: disk and store, listeners, the portal, logins. */
export async function runningMachineChecks(
  status: StatusDocument,
  stateDir: string,
): Promise<readonly CheckResult[]> {
  return [
    await diskCheck(stateDir),
    storeCheck(status),
    ...configurationCheck(status),
    ...status.listeners.map(listenerCheck),
    portalCheck(status),
    ...status.credentials.map(
      ({ credentialId, name, state, sentence }): CheckResult => ({
        name: `Login ${name}`,
        ok: state !== "paused",
        detail: sentence,
        ...(state === "paused"
          ? { remedy: `set the right password, or: rollcall-agent credentials resume ${credentialId}` }
          : {}),
      }),
    ),
  ];
}

/** What can be told of this machine before an agent runs on it: disk, and whether the listeners' ports are free. */
export async function idleMachineChecks(settings: AgentSettings): Promise<readonly CheckResult[]> {
  const { firewallListen, syslogListen, statusListen, stateDir } = settings;
  const places: readonly (readonly [string, ListenAddress | null, string])[] = [
    ["firewalls", firewallListen, "--firewall-listen"],
    ["syslog", syslogListen, "--syslog-listen"],
    ["the status address", statusListen, "--status-listen"],
  ];
  const checks = [await diskCheck(stateDir)];
  for (const [what, listen, flag] of places)
    if (listen !== null) checks.push(await portCheck(what, listen, flag));
  return checks;
}

async function diskCheck(stateDir: string): Promise<CheckResult> {
  const name = "Disk";
  let free: number;
  try {
    const { bavail, bsize } = await statfs(stateDir);
    free = bavail * bsize;
  } catch {
    return { name, ok: true, detail: `${stateDir} is not there yet: run makes it` };
  }
  const detail = `${(free / 1024 ** 2).toFixed(0)} MiB are free where the store lies (${stateDir})`;
  if (free >= FREE_BYTES_SAID) return { name, ok: true, detail };
  return {
    name,
    ok: free >= FREE_BYTES_MIN,
    detail,
    remedy: "free some, or name another folder with --state-dir",
  };
}

function storeCheck({ store }: StatusDocument): CheckResult {
  const ok = store.state === "ok";
  return {
    name: "Store",
    ok,
    detail: store.sentence,
    ...(ok ? {} : { remedy: "free disk where the store lies; docs/runbooks names what is safe to remove" }),
  };
}

function configurationCheck({ configuration: { refused } }: StatusDocument): readonly CheckResult[] {
  if (refused === null) return [];
  return [
    {
      name: "Configuration",
      ok: false,
      detail: `Version ${refused.version} of the portal is not used: ${refused.reason}`,
      remedy: "mend it in the portal, or update this agent",
    },
  ];
}

function listenerCheck({ name, address, state, sentence }: StatusDocument["listeners"][number]): CheckResult {
  const ok = state === "ok" || state === "off";
  return {
    name: `Listener ${name}`,
    ok,
    detail: state === "off" || address === "" ? sentence : `${address}: ${sentence}`,
    ...(ok ? {} : { remedy: "rollcall-agent status says more; another place: its --…-listen" }),
  };
}

function portalCheck({ portal }: StatusDocument): CheckResult {
  const name = "Portal";
  const { state, sentence, clockOffsetMs } = portal;
  if (state === "unreachable" || state === "refused")
    return {
      name,
      ok: false,
      detail: sentence,
      remedy: "check that this machine may connect to the gateway's address; local work goes on meanwhile",
    };
  const apart = Math.abs(clockOffsetMs ?? 0);
  if (apart < CLOCK_SAID_MS) return { name, ok: true, detail: sentence };
  return {
    name,
    ok: apart < CLOCK_DEGRADED_MS,
    detail: `${sentence} This machine's clock is ${Math.round(apart / 1000)} s off the portal's`,
    remedy: "let this machine take its time by NTP",
  };
}

async function portCheck(what: string, listen: ListenAddress, flag: string): Promise<CheckResult> {
  const name = `Port of ${what}`;
  const probe = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      probe.once("error", reject);
      probe.listen(listen.port, listen.host, resolve);
    });
    return { name, ok: true, detail: `${formatListen(listen)} is free` };
  } catch (error) {
    const { message, remedy } = listenFault(what, listen, "tcp", flag, error);
    return { name, ok: false, detail: message, ...(remedy === null ? {} : { remedy }) };
  } finally {
    probe.close();
  }
}
