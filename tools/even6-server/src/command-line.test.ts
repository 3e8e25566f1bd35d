import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { runCommandLine } from "./command-line.ts";
import { controllerFiles, hasRealRecords } from "./testing/real-records.ts";

const folder = mkdtempSync(path.join(tmpdir(), "even6-server-"));
const accounts = path.join(folder, "accounts.json");
writeFileSync(accounts, JSON.stringify([{ user: "svc", password: "Any-password-1" }]));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Ports {
  readonly controlPort: number;
  readonly mapperPort: number;
}

async function run(args: readonly string[], act: (ports: Ports) => Promise<void>): Promise<number> {
  const stopping = new AbortController();
  let told: (ports: Ports) => void = () => undefined;
  const ready = new Promise<Ports>((resolve) => {
    told = resolve;
  });
  const ended = runCommandLine(args, {
    out: (text) => told(JSON.parse(text)),
    err: () => undefined,
    stopping: stopping.signal,
  });
  await act(await ready);
  stopping.abort();
  return ended;
}

async function post(
  port: number,
  name: string,
  body: unknown = {},
): Promise<{ status: number; text: string }> {
  const answer = await fetch(`http://127.0.0.1:${port}/${name}`, {
    method: "POST",
    body: JSON.stringify(body),
  });
  return { status: answer.status, text: await answer.text() };
}

const args = ["--computer", "dc1.lab.example", "--accounts", accounts];

describe("the server as a process", () => {
  it("says where it answers, does what the control port is told, and ends when it is stopped", async () => {
    const code = await run(args, async ({ controlPort, mapperPort }) => {
      expect(mapperPort).toBeGreaterThan(0);
      const added = await post(controlPort, "add-plain", { provider: "P", eventId: 4768, data: { A: "b" } });
      expect(added).toEqual({ status: 200, text: '{"recordNumber":1}\n' });
      await post(controlPort, "clear");
      await post(controlPort, "stop");
      const state = await post(controlPort, "state");
      expect(JSON.parse(state.text)).toMatchObject({
        mapperPort,
        isRunning: false,
        records: 1,
        nextNumber: 3,
      });
      await post(controlPort, "start");
      expect(JSON.parse((await post(controlPort, "state")).text)).toMatchObject({
        mapperPort,
        isRunning: true,
      });
    });
    expect(code).toBe(0);
  });

  it("answers with a sentence to what it cannot do", async () => {
    await run(args, async ({ controlPort }) => {
      expect(await post(controlPort, "add", { eventId: 4768 })).toEqual({
        status: 400,
        text: "no file holds an event 4768 like that\n",
      });
      expect(await post(controlPort, "fly")).toMatchObject({ status: 400 });
      expect(await post(controlPort, "clear", { channel: "Nowhere" })).toMatchObject({ status: 400 });
      expect(await post(controlPort, "accounts", { accounts: [{ user: 1 }] })).toMatchObject({ status: 400 });
    });
  });

  it.skipIf(!hasRealRecords)("makes records after real ones, once or so many a second", async () => {
    const evtx = ["--evtx", ...controllerFiles()];
    await run([...args, ...evtx], async ({ controlPort }) => {
      const record = { eventId: 4768, set: { TargetUserName: "ana", IpAddress: "::ffff:10.1.1.1" } };
      expect((await post(controlPort, "add", { records: [record, record] })).text).toBe(
        '{"recordNumbers":[1,2]}\n',
      );
      await post(controlPort, "pour", { perSecond: 1000, records: [record] });
      for (let asked = 0; asked < 200; asked += 1) {
        const { records } = JSON.parse((await post(controlPort, "state")).text);
        if (records > 10) break;
      }
      await post(controlPort, "pour", { perSecond: 0 });
      const { records } = JSON.parse((await post(controlPort, "state")).text);
      expect(records).toBeGreaterThan(10);
    });
  });

  it("is left with wrong usage", async () => {
    const surroundings = { out: () => undefined, err: () => undefined, stopping: AbortSignal.abort() };
    expect(await runCommandLine([], surroundings)).toBe(2);
    expect(await runCommandLine([...args, "--mapper-port", "x"], surroundings)).toBe(2);
    expect(await runCommandLine([...args, "--evtx", "/nowhere.evtx"], surroundings)).toBe(1);
  });
});
