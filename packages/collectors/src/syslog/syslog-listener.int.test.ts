import { appendFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Observation } from "@rollcall/identity-core";
import { silentLogger } from "@rollcall/observability";
import { afterEach, describe, expect, it, type TestContext } from "vitest";
import { labForTests } from "../../../../infra/lab/lab.ts";
import {
  type Rsyslog,
  type RsyslogTarget,
  startRsyslog,
  whyNoRsyslog,
} from "../../../../infra/lab/rsyslog.ts";
import type { SyslogSourceConfig } from "./source-config.ts";
import { createSyslogListener, type SyslogListener } from "./syslog-listener.ts";
import { aSource, sequencesOf } from "./testing/builders.ts";

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function listen(source: SyslogSourceConfig = aSource(), tcpPort = 0): Promise<SyslogListener> {
  const listener = createSyslogListener({
    udp: { host: "127.0.0.1", port: 0 },
    tcp: { host: "127.0.0.1", port: tcpPort },
    sources: [source],
    now: Date.now,
    log: silentLogger,
  });
  await listener.start();
  closing.push(() => listener.stop());
  return listener;
}

async function aFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), "rollcall-rsyslog-"));
  closing.push(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A real rsyslog that follows one file. */
async function forward(
  test: TestContext,
  file: string,
  folder: string,
  targets: readonly RsyslogTarget[],
): Promise<Rsyslog> {
  const reason = whyNoRsyslog();
  if (reason !== null && process.env.CI) throw new Error(reason);
  if (reason !== null) test.skip(reason);
  const rsyslog = await startRsyslog({
    files: [{ path: file, tag: "gate" }],
    targets,
    workDirectory: path.join(folder, "work"),
    hostName: "gate1.corp.example",
  });
  closing.push(() => rsyslog.stop());
  return rsyslog;
}

const target = (listener: SyslogListener, transport: "udp" | "tcp") => ({
  transport,
  host: "127.0.0.1",
  port: listener.addresses[transport]?.port ?? 0,
});

async function take(listener: SyslogListener, count: number): Promise<Observation[]> {
  const taken: Observation[] = [];
  const { signal } = new AbortController();
  for await (const batch of listener.collect({ after: null, signal })) {
    taken.push(...batch.observations);
    batch.ack?.();
    if (taken.length >= count) break;
  }
  return taken;
}

const login = (user: string) => `login user=${user} ip=10.1.2.3 session=${user}\n`;

describe("the syslog listener and a real rsyslog", () => {
  it.each([
    ["UDP, old format", "udp", { format: "rfc3164" }],
    ["UDP, new format", "udp", { format: "rfc5424" }],
    ["TCP, octet counting", "tcp", { format: "rfc5424", framing: "octet-counted" }],
    ["TCP, line feeds", "tcp", { format: "rfc3164", framing: "newline" }],
  ] as const)("hears every line in order over %s", async (_name, transport, how) => {
    const test = { skip: (reason: string) => console.info(`skipped: ${reason}`) } as TestContext;
    if (whyNoRsyslog() !== null && !process.env.CI) return test.skip(whyNoRsyslog() ?? "");
    const listener = await listen();
    const folder = await aFolder();
    const file = path.join(folder, "gate.log");
    await forward(test, file, folder, [{ ...target(listener, transport), ...how } as RsyslogTarget]);
    const users = Array.from({ length: 300 }, (_, index) => `u${index}`);
    await appendFile(file, users.map(login).join(""));
    const heard = await take(listener, users.length);
    expect(heard.map(({ principal }) => principal?.name)).toEqual(users);
    // The old format has no zone: the receive time counts. The new one says when.
    expect(new Set(heard.map(({ class: evidence, verb }) => `${evidence} ${verb}`))).toEqual(
      new Set(["A start"]),
    );
    expect(listener.health()[0]?.counters).toMatchObject({
      received: 300,
      matched: 300,
      dropped: 0,
      refused: 0,
    });
  });

  it("hears, after it was away, what the sender kept in its queue meanwhile", {
    timeout: 60_000,
  }, async (test) => {
    const first = await listen();
    const port = first.addresses.tcp?.port ?? 0;
    const folder = await aFolder();
    const file = path.join(folder, "gate.log");
    await forward(test, file, folder, [
      { transport: "tcp", format: "rfc5424", framing: "octet-counted", host: "127.0.0.1", port },
    ]);
    await appendFile(file, login("before"));
    expect((await take(first, 1))[0]?.principal?.name).toBe("before");
    await first.stop();
    await appendFile(file, ["a", "b", "c", "d"].map(login).join(""));
    const second = await listen(aSource(), port);
    const heard = (await take(second, 4)).map(({ principal }) => principal?.name);
    expect(heard).toEqual(["a", "b", "c", "d"]);
  });

  it("hears a person log on over LDAP and over SMB within two seconds", {
    timeout: 240_000,
  }, async (test) => {
    const lab = await labForTests({
      state: path.join(tmpdir(), "rollcall-lab", "collectors"),
      address: "127.0.0.12",
      isFresh: true,
    });
    if (lab === null) return test.skip("no Samba lab here");
    closing.push(() => lab.stop());
    const listener = await listen(
      aSource({ sequences: sequencesOf("samba-auth-json"), speaksFor: ["127.0.5.0/24"] }),
    );
    const folder = await aFolder();
    await forward(test, lab.authLog, folder, [
      { ...target(listener, "tcp"), transport: "tcp", format: "rfc5424", framing: "octet-counted" },
    ]);
    const started = Date.now();
    expect(await lab.logOnLdap({ user: "u000003", from: "127.0.5.17", password: "wrong" })).toBe(49);
    expect(await lab.logOnLdap({ user: "u000003", from: "127.0.5.17" })).toBe(0);
    expect(await lab.logOnSmb({ user: "u000004", from: "127.0.5.18" })).toBe(true);
    const heard = await take(listener, 2);
    expect(
      heard.map(({ principal, ip, class: evidence }) => [principal?.name, principal?.domain, ip, evidence]),
    ).toEqual([
      ["u000003", "CORP", "127.0.5.17", "A"],
      ["u000004", "CORP", "127.0.5.18", "A"],
    ]);
    for (const { effectiveAt, receivedAt } of heard) expect(receivedAt - effectiveAt).toBeLessThan(2000);
    expect(Date.now() - started).toBeLessThan(10_000);
  });
});
