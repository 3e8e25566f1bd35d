import { createSocket } from "node:dgram";
import { chmodSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import path from "node:path";
import { withTempDir } from "@rollcall/testkit";
import { describe, expect, it } from "vitest";
import { AgentProcess, freePorts, type SyslogSite, writeSite } from "../testing/agent-process.ts";
import { runAgent } from "../testing/cli-lab.ts";
import { type ShadowDocument, shadowDocument } from "./shadow-document.ts";

interface Lab {
  readonly other: AgentProcess;
  readonly shadow: AgentProcess;
  readonly folder: string;
  report(): Promise<ShadowDocument>;
}

/** Two real agents: the other answers firewalls; ours reads one source less and compares. */
async function withTwo(folder: string, profile: string, work: (lab: Lab) => Promise<void>): Promise<void> {
  const theirs = writeSite(path.join(folder, "other"));
  if (profile !== "json-superset")
    edit(theirs.file, "clientId: hq-fw1,", `clientId: hq-fw1, profile: ${profile},`);
  const other = new AgentProcess(path.join(folder, "other-state"), await freePorts(), [
    "--config",
    theirs.file,
  ]);
  await other.start();
  const caPem = readFileSync(path.join(folder, "other-state", "own-authority.pem"), "utf8");
  const ours = shadowSite(path.join(folder, "ours"), theirs, other.ports.firewall, caPem, profile);
  const shadow = new AgentProcess(path.join(folder, "our-state"), await freePorts(), [
    "--config",
    ours,
    "--shadow",
  ]);
  try {
    await shadow.start();
    await work({
      other,
      shadow,
      folder,
      async report() {
        const run = await runAgent([
          "--state-dir",
          shadow.stateDir,
          "shadow",
          "--json",
          "--status-listen",
          `127.0.0.1:${shadow.ports.status}`,
        ]);
        return shadowDocument.parse(JSON.parse(run.out || run.err));
      },
    });
  } finally {
    await shadow.stop();
    await other.stop();
  }
}

function edit(file: string, from: string, to: string): void {
  const text = readFileSync(file, "utf8");
  expect(text).toContain(from);
  writeFileSync(file, text.replace(from, to));
}

/** Reads the same VPN, but believes it for 10.1/16 only: the rest is a source that it does not have. */
function shadowSite(
  folder: string,
  theirs: SyslogSite,
  port: number,
  caPem: string,
  profile: string,
): string {
  const secretFile = path.join(path.dirname(folder), "secret");
  writeFileSync(secretFile, theirs.secret, { mode: 0o600 });
  chmodSync(secretFile, 0o600);
  const pem = caPem
    .trimEnd()
    .split("\n")
    .map((line) => `    ${line}`)
    .join("\n");
  const { file } = writeSite(
    folder,
    `filters: [{ id: elsewhere, kind: ip-exclude, range: 10.9.0.0/16 }]
shadow:
  url: https://127.0.0.1:${port}
  clientId: ${theirs.clientId}
  secret: { file: ${secretFile} }
  everySeconds: 1
  compareSeconds: 1
  profile: ${profile}
  caPem: |
${pem}
`,
  );
  return file;
}

function send(port: number, ...lines: string[]): Promise<void> {
  const socket = createSocket("udp4");
  return new Promise((resolve, reject) => {
    let left = lines.length;
    for (const line of lines)
      socket.send(line, port, "127.0.0.1", (error) => {
        if (error) reject(error);
        left -= 1;
        if (left === 0) socket.close(() => resolve());
      });
  });
}

async function until(
  report: () => Promise<ShadowDocument>,
  holds: (document: ShadowDocument) => boolean,
): Promise<ShadowDocument> {
  const end = Date.now() + 20_000;
  for (;;) {
    const document = await report();
    if (holds(document)) return document;
    if (Date.now() > end) throw new Error(JSON.stringify(document, null, 1));
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

const isRefused = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port });
    socket.once("connect", () => {
      socket.destroy();
      resolve(false);
    });
    socket.once("error", () => resolve(true));
  });

describe("an agent beside another", () => {
  it.each(["json-superset", "userfw-xml"])(
    "says exactly where the two differ, and answers no firewall (%s)",
    (profile) =>
      withTempDir((folder) =>
        withTwo(folder, profile, async ({ other, shadow, report }) => {
          const both = [
            "LOGIN user=ana ip=10.1.0.1",
            "LOGIN user=ben ip=10.1.0.2",
            "LOGIN user=cho ip=10.1.0.3",
          ];
          await send(other.ports.syslog, ...both, "LOGIN user=dan ip=10.9.0.1", "LOGIN user=eve ip=10.1.0.4");
          await send(
            shadow.ports.syslog,
            ...both,
            "LOGIN user=dan ip=10.9.0.1",
            "LOGIN user=fred ip=10.1.0.4",
            "LOGIN user=gil ip=10.1.0.5",
          );

          const found = await until(report, ({ same, settling }) => same === 3 && settling === 3);
          expect(found).toMatchObject({ state: "comparing", here: 5, there: 5, agreement: 0.5, rejected: 0 });
          expect(Object.fromEntries(found.kinds.map(({ kind, settling }) => [kind, settling]))).toEqual({
            "only-there": 1,
            "only-here": 1,
            "other-user": 1,
            "other-groups": 0,
            "other-device": 0,
          });
          const file = path.join(folder, "differences.csv");
          const exported = await runAgent([
            "--state-dir",
            shadow.stateDir,
            "shadow",
            "--export",
            file,
            "--status-listen",
            `127.0.0.1:${shadow.ports.status}`,
          ]);
          expect(exported).toMatchObject({ code: 0, out: "" });
          const rows = readFileSync(file, "utf8")
            .trimEnd()
            .split("\r\n")
            .map((row) => row.split(",").slice(0, 5).join(","));
          expect(rows.sort()).toEqual(
            [
              "10.1.0.4,other-user,corp.example\\fred,corp.example\\eve,Rollcall syslog VPN",
              "10.1.0.5,only-here,corp.example\\gil,,",
              "10.9.0.1,only-there,,corp.example\\dan,Rollcall syslog VPN",
              "ip,kind,here,there,source",
            ].sort(),
          );
          expect(statSync(file).mode & 0o777).toBe(0o600);

          // What one side hears later is no difference any more, and an end there is an end here.
          await send(shadow.ports.syslog, "LOGOUT user=gil ip=10.1.0.5");
          await send(other.ports.syslog, "LOGOUT user=dan ip=10.9.0.1");
          await until(report, ({ settling, there }) => settling === 1 && there === 4);

          expect(await isRefused(shadow.ports.firewall)).toBe(true);
          const status = await shadow.status();
          expect(status.listeners.find(({ name }) => name === "firewalls")).toMatchObject({
            state: "off",
            sentence: "Firewalls are not answered: this agent runs in shadow mode.",
          });
          expect(status.firewalls).toEqual([]);
          expect(status.shadow).toMatchObject({ state: "comparing", same: 3 });
          expect(JSON.stringify(status.shadow)).not.toMatch(/ana|10\.1\./);
        }),
      ),
  );

  it("says why the other server cannot be read, and what to do without a `shadow:` in the file", () =>
    withTempDir((folder) =>
      withTwo(folder, "json-superset", async ({ other, report }) => {
        await until(report, ({ comparedAt }) => comparedAt !== null);
        await other.stop();
        const failing = await until(report, ({ state }) => state === "failing");
        expect(failing.sentence).toMatch(/does not answer: .*ECONNREFUSED/);

        const site = writeSite(path.join(folder, "plain"));
        const run = await runAgent([
          "--state-dir",
          path.join(folder, "x"),
          "run",
          "--shadow",
          "--config",
          site.file,
        ]);
        expect(run).toMatchObject({ code: 9 });
        expect(run.err).toContain("the local file does not say beside which server");
      }),
    ));
});
