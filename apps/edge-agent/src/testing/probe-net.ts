import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { makeSecretVerifier, newClientSecret } from "@rollcall/pki";
import { Firewall } from "@rollcall/srx-simulator/firewall";
import { startFakeComputer } from "@rollcall/wmi-server/fake-computer";
import { AgentProcess, freePorts } from "./agent-process.ts";

/**
 * A whole run of the probe, in a network of its own (`unshare --net`): there addresses of workstations lead to this machine
 * without being its own, and 135 and 5985 are free. Prints what happened as one line of JSON.
 */
const [folder = ""] = process.argv.slice(2);
execFileSync("ip", ["link", "set", "lo", "up"]);
execFileSync("ip", ["route", "add", "local", "10.99.0.0/24", "dev", "lo"]);

const secret = newClientSecret();
const file = path.join(folder, "site.yaml");
writeFileSync(path.join(folder, "password"), "right", { mode: 0o600 });
writeFileSync(
  file,
  `addressSpaces: [{ id: main, name: Main }]
credentials:
  - { id: reader, name: Reader, user: 'CORP\\reader', password: { file: password }, allowNtlm: true }
pcProbe: { enabled: true, addressSpaceId: main, credentialIds: [reader], include: ["10.99.0.0/24"] }
enforcementPoints:
  - { id: fw, name: HQ-FW1, clientId: hq-fw1, addressSpaceIds: [main], verifiers: ["${makeSecretVerifier(secret)}"] }
`,
);
const computerAt = (host: string, name: string, seated: string, hasWinrm: boolean) =>
  startFakeComputer({
    host,
    wmiPort: hasWinrm ? 0 : 135,
    winrmPort: hasWinrm ? 5985 : null,
    name,
    domain: "corp.example",
    seats: { console: seated, remote: [] },
    accounts: [{ user: "reader", password: "right" }],
  });
const computers = [
  await computerAt("10.99.0.7", "PC-7", "CORP\\ana", false),
  await computerAt("10.99.0.8", "PC-8", "CORP\\bob", true),
];
const agent = new AgentProcess(path.join(folder, "state"), await freePorts(), ["--config", file]);
await agent.start();
const firewall = new Firewall({
  primary: {
    url: `https://127.0.0.1:${agent.ports.firewall}`,
    clientId: "hq-fw1",
    clientSecret: secret,
    ca: readFileSync(path.join(folder, "state", "own-authority.pem"), "utf8"),
    profile: "json",
  },
});

/** `rollcall-agent probe ADDRESS`, as a person runs it: what it says, and its exit code. */
function probe(address: string): string {
  const main = path.resolve(import.meta.dirname, "..", "main.ts");
  const status = `127.0.0.1:${agent.ports.status}`;
  const args = [
    main,
    "--state-dir",
    agent.stateDir,
    "probe",
    address,
    "-o",
    "json",
    "--status-listen",
    status,
  ];
  const { status: exit, stdout } = spawnSync(process.execPath, args, { encoding: "utf8" });
  const { outcome } = JSON.parse(stdout) as { readonly outcome: string };
  return `${outcome}, exit ${exit}`;
}

try {
  const said = {
    byWmi: await firewall.queryIp("10.99.0.7"),
    byWinrm: await firewall.queryIp("10.99.0.8"),
    nobodyThere: await firewall.queryIp("10.99.0.9"),
    person: ["10.99.0.10", "10.98.0.1"].map(probe),
    logins: computers.flatMap(({ logins }) => logins),
    source: (await agent.status()).sources.find(({ kind }) => kind === "pc-probe")?.sentence,
  };
  process.stdout.write(`${JSON.stringify(said)}\n`);
} finally {
  await firewall.stop();
  await agent.stop();
  await Promise.all(computers.map((computer) => computer.close()));
}
