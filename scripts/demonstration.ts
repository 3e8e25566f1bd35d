import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Children } from "./children.ts";
import type { SeededInstallation } from "./seed-installation.ts";
import { freePort } from "./services/free-port.ts";
import type { Addresses } from "./start.ts";

export interface DemonstrationOptions {
  readonly root: string;
  readonly data: string;
  readonly children: Children;
  readonly at: Addresses;
  readonly env: NodeJS.ProcessEnv;
  readonly seeded: SeededInstallation;
  readonly say: (sentence: string) => void;
  readonly waitFor: (what: string, look: () => Promise<boolean>) => Promise<void>;
}

export interface Demonstration {
  readonly customer: string;
  readonly agent: { firewall_url: string; syslog_udp: string; syslog_tcp: string; status_url: string };
  readonly enforcementPoint: { client_id: string; client_secret: string };
  readonly secretFile: string;
}

/**
 * The demonstration: one agent, enrolled by a real onboarding file as a person would do it; one sender of real
 * syslog lines; one firewall simulator that asks the agent first and the cloud when the agent does not answer.
 */
export async function startDemonstration(options: DemonstrationOptions): Promise<Demonstration> {
  const { root, data, children, at, env, seeded, say, waitFor } = options;
  const demo = seeded.demonstration;
  if (!demo) throw new Error("the demonstration's data is missing");
  const script = path.join(root, "apps/edge-agent/dist/main.mjs");
  const stateDir = path.join(data, "agent");
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  const node = (...args: string[]) => ["--disable-warning=ExperimentalWarning", ...args];
  // The agent is given nothing of the cloud's environment: what it needs it has from its onboarding file.
  const agentEnv: NodeJS.ProcessEnv = { PATH: env.PATH, HOME: env.HOME, TZ: env.TZ, NODE_ENV: "production" };

  if (!existsSync(path.join(stateDir, "identity.json"))) {
    say("enrolling the demonstration agent with its onboarding file …");
    const onboarding = await demo.issueOnboardingFile();
    const file = path.join(data, onboarding.name);
    writeFileSync(file, onboarding.text, { mode: 0o600 });
    const enrol = spawnSync(
      process.execPath,
      node(script, "enroll", file, "--yes", "--state-dir", stateDir),
      {
        env: agentEnv,
        encoding: "utf8",
        timeout: 60_000,
      },
    );
    if (existsSync(file)) rmSync(file);
    if (enrol.status !== 0)
      throw new Error(`the demonstration agent could not enrol:\n${enrol.stderr}${enrol.stdout}`);
  }

  await demo.nameAgents([at.agentFirewalls.host]);

  const listen = (address: { host: string; port: number }) => `${address.host}:${address.port}`;
  children.start({
    name: "agent",
    command: process.execPath,
    args: node(
      script,
      "run",
      "--state-dir",
      stateDir,
      "--firewall-listen",
      listen(at.agentFirewalls),
      "--syslog-listen",
      listen(at.agentSyslog),
      "--status-listen",
      listen(at.agentStatus),
    ),
    env: agentEnv,
    cwd: data,
    stopMs: 12_000,
  });
  const statusUrl = `http://${listen(at.agentStatus)}`;
  await waitFor("the agent", async () => isOk(`${statusUrl}/readyz`));

  const secretFile = path.join(data, "firewall-secret");
  writeFileSync(secretFile, demo.clientSecret, { mode: 0o600 });
  const caFile = path.join(data, "firewall-ca.pem");
  writeFileSync(caFile, demo.firewallCaPem);
  const firewallUrl = `https://${listen(at.agentFirewalls)}`;
  const control = `127.0.0.1:${await freePort()}`;
  children.start({
    name: "firewall",
    command: process.execPath,
    args: node(
      path.join(root, "tools/srx-simulator/src/main.ts"),
      "run",
      "--url",
      firewallUrl,
      "--client-id",
      demo.clientId,
      "--client-secret-file",
      secretFile,
      "--ca",
      caFile,
      "--interval",
      "2",
      "--control",
      control,
      "-o",
      "ndjson",
    ),
    env: agentEnv,
    cwd: data,
  });
  children.start({
    name: "sender",
    command: process.execPath,
    args: node(path.join(root, "scripts/demo-sender.ts"), at.agentSyslog.host, String(at.agentSyslog.port)),
    env: agentEnv,
    cwd: data,
  });
  await waitFor("the firewall simulator's first person", async () => {
    const answer = await fetch(`http://${control}/table`, { signal: AbortSignal.timeout(2000) }).catch(
      () => null,
    );
    return answer !== null && ((await answer.json()) as unknown[]).length > 0;
  });
  say("the agent is enrolled, people are identified, and the firewall simulator was told.");

  return {
    customer: demo.customerName,
    agent: {
      firewall_url: firewallUrl,
      syslog_udp: listen(at.agentSyslog),
      syslog_tcp: listen(at.agentSyslog),
      status_url: statusUrl,
    },
    enforcementPoint: { client_id: demo.clientId, client_secret: demo.clientSecret },
    secretFile,
  };
}

async function isOk(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(2000) })).ok;
  } catch {
    return false;
  }
}
