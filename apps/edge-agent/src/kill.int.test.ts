import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { withTempDir } from "@rollcall/testkit";
import { describe, expect, it, onTestFinished } from "vitest";
import { AgentProcess, freePorts, PlainFirewall, writeSite } from "./testing/agent-process.ts";

const LINES = 5000;
const KILLS = 6;
/** Lines that the sender repeats after a break: it does not know how far it was heard. */
const OVERLAP = 25;
/** When line 0 was written: all of them lie in the past, and none so far that its session is over. */
const FIRST_AT = Math.floor(Date.now() / 1000) * 1000 - (LINES + 100) * 1000;

/** Line n: mostly somebody logs on; each tenth ends the session that line n - 7 began. */
function line(n: number): string {
  const [verb, of] = n % 10 === 9 ? ["LOGOUT", n - 7] : ["LOGIN", n];
  const at = new Date(FIRST_AT + n * 1000).toISOString();
  return `<13>1 ${at} vpn gate - - - ${verb} user=u${of} ip=10.${of >> 16}.${(of >> 8) & 255}.${of & 255}\n`;
}

function model(): Map<string, string> {
  const table = new Map<string, string>();
  for (let n = 0; n < LINES; n += 1) {
    const of = n % 10 === 9 ? n - 7 : n;
    const ip = `10.${of >> 16}.${(of >> 8) & 255}.${of & 255}`;
    if (n % 10 === 9) table.delete(ip);
    else table.set(ip, `u${of}`);
  }
  return table;
}

describe("an agent that is killed", () => {
  it("has every line whose commit was seen, once and in order, and answers as if it had never stopped", () =>
    withTempDir(async (folder) => {
      const site = writeSite(folder);
      const state = path.join(folder, "state");
      const agent = new AgentProcess(state, await freePorts(), ["--config", site.file]);
      onTestFinished(() => agent.kill());
      await agent.start();
      const firewall = new PlainFirewall(
        agent.ports.firewall,
        readFileSync(path.join(state, "own-authority.pem"), "utf8"),
        site,
      );
      const seed = Number(process.env.KILL_SEED ?? Date.now() % 1_000_000);
      console.info(`kill test: seed ${seed}`);
      const random = randomFrom(seed);

      let committed = 0;
      let killsMidway = 0;
      for (let kill = 0; committed < LINES; kill += 1) {
        const stop = new AbortController();
        const sending = send(agent.ports.syslog, Math.max(0, committed - OVERLAP), stop.signal);
        const target = kill < KILLS ? committed + 50 + Math.floor(random() * 450) : LINES;
        await until(agent, Math.min(target, LINES));
        const seen = (await agent.status()).spool.nextSeq - 1;
        const toldBefore = await firewallSees(firewall);
        await agent.kill();
        stop.abort();
        await sending;
        await agent.start();
        committed = (await agent.status()).spool.nextSeq - 1;
        if (committed > 0 && committed < LINES) killsMidway += 1;
        expect(committed).toBeGreaterThanOrEqual(seen);
        // What a firewall was told is not taken back.
        await firewallSees(firewall);
        for (const ip of toldBefore)
          if (!isEndedBy(ip, committed)) expect([ip, firewall.table.has(ip)]).toEqual([ip, true]);
      }

      await firewallSees(firewall);
      const fresh = new PlainFirewall(
        agent.ports.firewall,
        readFileSync(path.join(state, "own-authority.pem"), "utf8"),
        site,
      );
      await firewallSees(fresh);
      const wanted = [...model()].sort();
      expect([...firewall.table].sort()).toEqual(wanted);
      expect([...fresh.table].sort()).toEqual(wanted);
      await firewall.close();
      await fresh.close();
      expect(await agent.stop()).toBe(0);

      const db = new DatabaseSync(path.join(state, "store.db"), { readOnly: true });
      const spooled = db
        .prepare("SELECT seq, body FROM spool ORDER BY seq")
        .all()
        .map((row) => ({ seq: Number(row.seq), item: JSON.parse(String(row.body)) }));
      db.close();
      expect(spooled.map(({ seq }) => seq)).toEqual(Array.from({ length: LINES }, (_, n) => n + 1));
      expect(new Set(spooled.map(({ item }) => item.observation.id)).size).toBe(LINES);
      expect(killsMidway).toBeGreaterThanOrEqual(2);
      expect(spooled.map(({ item }) => item.observation.effectiveAt)).toEqual(
        Array.from({ length: LINES }, (_, n) => FIRST_AT + n * 1000),
      );
    }));
});

/** Sends lines from `from` on over one connection, until the end, the signal, or the agent's death. */
async function send(port: number, from: number, signal: AbortSignal): Promise<void> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => undefined);
  await Promise.race([happens(socket, "connect"), happens(socket, "close")]);
  for (let n = from; n < LINES && !signal.aborted && !socket.destroyed; n += 1) {
    if (!socket.write(line(n)))
      await Promise.race([happens(socket, "drain"), happens(socket, "close"), aborted(signal)]);
    if (n % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 8));
  }
  await aborted(signal);
  socket.destroy();
}

/** Unlike `once` of node:events it does not reject at an error: a connection that breaks is what this test is about. */
function happens(socket: Socket, event: "connect" | "drain" | "close"): Promise<void> {
  return socket.destroyed ? Promise.resolve() : new Promise((resolve) => socket.once(event, () => resolve()));
}

function aborted(signal: AbortSignal): Promise<void> {
  return signal.aborted
    ? Promise.resolve()
    : new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

/** Brings the firewall's table forward; gives the addresses it then holds. */
async function firewallSees(firewall: PlainFirewall): Promise<string[]> {
  if ((await firewall.poll()) === 401) {
    expect(await firewall.logOn()).toBe(200);
    expect(await firewall.poll()).toBe(200);
  }
  return [...firewall.table.keys()];
}

async function until(agent: AgentProcess, count: number): Promise<void> {
  const deadline = Date.now() + 60_000;
  while ((await agent.status()).spool.nextSeq - 1 < count) {
    if (Date.now() > deadline)
      throw new Error(`only ${(await agent.status()).spool.nextSeq - 1} of ${count} lines were committed`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Whether a committed line had ended the session at that address. */
function isEndedBy(ip: string, committed: number): boolean {
  const [, a = 0, b = 0, c = 0] = ip.split(".").map(Number);
  const n = (a << 16) | (b << 8) | c;
  return n % 10 === 2 && n + 7 < committed;
}

/** A small generator with a seed, so that a failing run can be run again. Source: mulberry32 (seen in code). */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
