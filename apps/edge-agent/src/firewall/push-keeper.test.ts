import { chmodSync, existsSync, writeFileSync } from "node:fs";
import path from "node:path";
import { siteConfig } from "@rollcall/agent-protocol";
import { SessionTable } from "@rollcall/identity-core";
import { aLogon, anEnd } from "@rollcall/identity-core/testing";
import { createLogger, type Logger, silentLogger } from "@rollcall/observability";
import { FakeClock, withTempDir } from "@rollcall/testkit";
import { listen } from "@rollcall/webapi-server/listen";
import { WebApi } from "@rollcall/webapi-server/web-api";
import { describe, expect, it } from "vitest";
import { type Clock, systemClock } from "../supervisor/clock.ts";
import type { DarkenedPoint } from "./dark-keeper.ts";
import { createPushKeeper, type PushKeeper } from "./push-keeper.ts";
import { openPushStore } from "./push-store.ts";

const NOW = Date.now();

interface Lab {
  readonly api: WebApi;
  readonly table: SessionTable;
  readonly folder: string;
  push: PushKeeper;
  point(of?: object, pushOf?: object): DarkenedPoint;
  newKeeper(clock?: Clock, log?: Logger): PushKeeper;
  held(): string[];
}

/** A keeper with a real file, a real connection and a strict Web API. */
function withPush(work: (lab: Lab) => Promise<void>): Promise<void> {
  return withTempDir(async (folder) => {
    const api = new WebApi({ user: "rollcall", password: "p", clients: ["127.0.0.1"] });
    const server = await listen(api, { host: "127.0.0.1", port: 0, tls: null });
    writeFileSync(path.join(folder, "password"), "p\n", { mode: 0o600 });
    const table = new SessionTable({ issuer: "1".repeat(16), incarnation: "2".repeat(16) });
    const newKeeper = (clock: Clock = systemClock, log: Logger = silentLogger) => {
      const made = createPushKeeper({
        source: () => table,
        openStore: () =>
          openPushStore(path.join(folder, "push.db"), { now: Date.now, onReplaced: () => undefined }),
        identity: () => null,
        clock,
        random: Math.random,
        log,
      });
      made.setOrigin({ isPortals: false, baseFolder: folder });
      return made;
    };
    const lab: Lab = {
      api,
      table,
      folder,
      push: newKeeper(),
      newKeeper,
      point(of = {}, pushOf = {}) {
        const [made] = siteConfig.parse({
          addressSpaces: [{ id: "space", name: "S" }],
          enforcementPoints: [
            {
              id: "fw",
              name: "FW",
              clientId: "fw-1",
              verifiers: [],
              addressSpaceIds: ["space"],
              push: {
                url: server.url,
                user: "rollcall",
                password: { file: "password" },
                maxPostsPerSecond: 100,
                ...pushOf,
              },
              ...of,
            },
          ],
        }).enforcementPoints;
        if (made === undefined) throw new Error("no point");
        return made;
      },
      held: () => api.table.rows().map(({ ip, user }) => `${ip} ${user}`),
    };
    try {
      await work(lab);
    } finally {
      await lab.push.stop();
      await server.close();
    }
  });
}

const signal = new AbortController().signal;
const until = (look: () => unknown) => expect.poll(look, { timeout: 5000, interval: 20 });

describe("an agent that posts to a firewall", () => {
  it("tells it of each change as it comes, goes on after a restart, and stops when the point is gone", () =>
    withPush(async (lab) => {
      lab.table.apply([aLogon({ user: "Ana", ip: "10.0.0.1", at: NOW })], NOW);
      lab.push.setPoints([lab.point()]);
      await lab.push.start(signal);
      await until(lab.held).toEqual(["10.0.0.1 ana"]);
      lab.table.apply([aLogon({ user: "ben", ip: "10.0.0.2", at: NOW })], NOW);
      lab.push.wake();
      await until(lab.held).toEqual(["10.0.0.1 ana", "10.0.0.2 ben"]);
      await until(lab.push.states).toMatchObject([
        { enforcementPointId: "fw", state: "ok", sentence: expect.stringContaining("in clear"), entries: 2 },
      ]);
      await lab.push.stop();
      lab.table.apply([anEnd({ user: "Ana", ip: "10.0.0.1", at: NOW + 1 })], NOW + 1);
      lab.push = lab.newKeeper();
      lab.push.setPoints([lab.point()]);
      await lab.push.start(signal);
      await until(lab.held).toEqual(["10.0.0.2 ben"]);
      expect(lab.api.posts).toHaveLength(3);
      lab.push.setPoints([]);
      await until(() => lab.push.states()).toEqual([]);
    }));

  it("takes off it whom a dark source named, and tells of them again when it is heard", () =>
    withPush(async (lab) => {
      lab.table.apply([aLogon({ user: "ana", ip: "10.0.0.1", at: NOW, source: "vpn" })], NOW);
      lab.push.setPoints([lab.point()]);
      await lab.push.start(signal);
      await until(lab.held).toEqual(["10.0.0.1 ana"]);
      lab.push.setPoints([{ ...lab.point(), darkSourceIds: ["vpn"] }]);
      await until(lab.held).toEqual([]);
      lab.push.setPoints([lab.point()]);
      await until(lab.held).toEqual(["10.0.0.1 ana"]);
    }));

  it("tells everything again on demand and says how much; or that it posts to no such firewall", () =>
    withPush(async (lab) => {
      lab.table.apply([aLogon({ user: "ana", ip: "10.0.0.1", at: NOW })], NOW);
      lab.push.setPoints([lab.point()]);
      await lab.push.start(signal);
      await until(lab.held).toEqual(["10.0.0.1 ana"]);
      lab.api.table.clear();
      expect(await lab.push.resync("fw", signal, () => undefined)).toBe(1);
      expect(lab.held()).toEqual(["10.0.0.1 ana"]);
      expect(await lab.push.resync("other", signal, () => undefined)).toBeNull();
      lab.api.mode = { kind: "busy", retryAfterSeconds: 60 };
      await expect(lab.push.resync("fw", AbortSignal.timeout(300), () => undefined)).rejects.toThrow();
    }));

  it("begins anew with what a person has mended", () =>
    withPush(async (lab) => {
      lab.table.apply([aLogon({ user: "ana", ip: "10.0.0.1", at: NOW })], NOW);
      lab.push.setPoints([lab.point({}, { user: "wrong" })]);
      await lab.push.start(signal);
      await until(() => lab.push.states()[0]?.state).toBe("refused");
      lab.push.setPoints([lab.point()]);
      await until(lab.held).toEqual(["10.0.0.1 ana"]);
    }));

  it("tries a password file that may not be read again every minute, and says so once", () =>
    withPush(async (lab) => {
      const file = path.join(lab.folder, "password");
      chmodSync(file, 0o644);
      const clock = new FakeClock();
      const said: string[] = [];
      const log = createLogger({
        name: "test",
        level: "error",
        destination: { write: (line: string) => void said.push(line) },
      });
      lab.push = lab.newKeeper(clock, log);
      lab.push.portalSpoke();
      lab.table.apply([aLogon({ user: "ana", ip: "10.0.0.1", at: NOW })], NOW);
      lab.push.setPoints([lab.point()]);
      await lab.push.start(signal);
      expect(lab.push.states()).toMatchObject([
        { state: "refused", sentence: expect.stringContaining("chmod 600") },
      ]);
      for (let minute = 0; minute < 3; minute += 1) {
        await until(() => clock.sleeping).toBe(1);
        await clock.advance(60_000);
      }
      await until(() => clock.sleeping).toBe(1);
      chmodSync(file, 0o600);
      await clock.advance(59_000);
      expect(lab.push.states()).toMatchObject([{ state: "refused" }]);
      await clock.advance(1000);
      await until(lab.held).toEqual(["10.0.0.1 ana"]);
      expect(said).toHaveLength(1);
    }));

  it("lets the portal neither switch off the check of the certificate nor name a file of this machine", () =>
    withPush(async (lab) => {
      lab.table.apply([aLogon({ user: "ana", ip: "10.0.0.1", at: NOW })], NOW);
      lab.push.setOrigin({ isPortals: true, baseFolder: lab.folder });
      lab.push.setPoints([
        lab.point({}, { dangerouslyTrustAnyCertificate: true }),
        lab.point({ id: "fw2", clientId: "fw-2", name: "FW2" }),
      ]);
      await lab.push.start(signal);
      expect(lab.push.states()).toMatchObject([
        { state: "refused", sentence: expect.stringContaining("without checking the certificate") },
        { state: "refused", sentence: expect.stringContaining("own configuration file") },
      ]);
      expect(lab.api.posts).toEqual([]);
    }));

  it("posts what the portal gave it only once the portal has spoken, for another may post by now; at the latest in two minutes", () =>
    withPush(async (lab) => {
      lab.table.apply([aLogon({ user: "ana", ip: "10.0.0.1", at: NOW })], NOW);
      lab.push.setPoints([lab.point({}, { turn: 1 })]);
      await lab.push.start(signal);
      expect(lab.push.states()).toEqual([]);
      expect(lab.push.health().sentence).toBe(
        "0 firewalls are posted to; 1 wait for the portal to say whether this agent still posts",
      );
      lab.push.setPoints([lab.point()]);
      await until(lab.held).toEqual(["10.0.0.1 ana"]);
      lab.push.setPoints([lab.point({}, { turn: 1 })]);
      await until(() => lab.push.states()).toEqual([]);
      lab.push.portalSpoke();
      await until(() => lab.push.states()).toMatchObject([{ state: "ok" }]);
      const clock = new FakeClock();
      const alone = lab.newKeeper(clock);
      lab.push.setPoints([]);
      await until(() => lab.push.states()).toEqual([]);
      await lab.push.stop();
      lab.push = alone;
      alone.setPoints([lab.point({}, { turn: 1 })]);
      await alone.start(signal);
      await clock.advance(119_000);
      expect(alone.states()).toEqual([]);
      await clock.advance(1000);
      await until(() => alone.states()).toHaveLength(1);
    }));

  it("posts nothing while what was told cannot be read, says so, and begins once it can", () =>
    withPush(async (lab) => {
      const clock = new FakeClock();
      let isShut = true;
      lab.push = createPushKeeper({
        source: () => lab.table,
        openStore() {
          if (isShut) throw new Error("locked");
          return openPushStore(path.join(lab.folder, "push.db"), {
            now: Date.now,
            onReplaced: () => undefined,
          });
        },
        identity: () => null,
        clock,
        random: Math.random,
        log: silentLogger,
      });
      lab.push.setOrigin({ isPortals: false, baseFolder: lab.folder });
      lab.push.setPoints([lab.point()]);
      await lab.push.start(signal);
      expect([lab.push.health().state, lab.push.states()]).toEqual(["broken", []]);
      isShut = false;
      await clock.advance(10_000);
      await until(() => lab.push.health().state).toBe("ok");
    }));

  it("makes no file where no firewall is posted to", () =>
    withPush(async (lab) => {
      lab.push.setPoints([{ ...lab.point(), push: undefined }]);
      await lab.push.start(signal);
      expect(lab.push.states()).toEqual([]);
      expect(existsSync(path.join(lab.folder, "push.db"))).toBe(false);
    }));
});
