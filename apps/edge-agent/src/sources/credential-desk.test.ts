import { writeFileSync } from "node:fs";
import path from "node:path";
import { siteConfig } from "@rollcall/agent-protocol";
import {
  type Login,
  type LoginPort,
  type LoginResult,
  LoginUnanswered,
} from "@rollcall/collectors/login-port";
import { silentLogger } from "@rollcall/observability";
import { FakeClock, withTempDir } from "@rollcall/testkit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { LoginRecord } from "../state/login-record.ts";
import { StoreFault } from "../state/store-fault.ts";
import { type CredentialDesk, createCredentialDesk } from "./credential-desk.ts";
import { effectiveSite } from "./effective-site.ts";
import { createLoginLedger, passingRecord } from "./login-ledger.ts";

interface Lab {
  readonly desk: CredentialDesk;
  readonly clock: FakeClock;
  /** Writes the password file. */
  type(password: string): void;
  configure(parts?: object): void;
  /** A server that takes one password; gives what it answers, and notes who asked. */
  readonly server: { password: string; tries: string[]; logIn(login: Login): Promise<LoginResult<string>> };
  readonly port: LoginPort;
  readonly folder: string;
  /** The agent is killed and started again: another desk on what was noted. */
  restart(): { readonly desk: CredentialDesk; readonly port: LoginPort };
  /** The disk is full: nothing can be noted. */
  fill(isFull: boolean): void;
}

const signal = new AbortController().signal;
const MINUTE = 60_000;

/** A server that takes the password and never says a word. */
const silent = async (): Promise<LoginResult<null>> => {
  throw new LoginUnanswered(new Error("dc1 does not answer in time"));
};
/** One that is still thinking when the test ends. */
const thinking = () => new Promise<LoginResult<null>>(() => undefined);

function withDesk(work: (lab: Lab) => Promise<void>): Promise<void> {
  return withTempDir(async (folder) => {
    const clock = new FakeClock();
    const kept = passingRecord();
    let isFull = false;
    let life = 0;
    const recordOf = (ofLife: number): LoginRecord => ({
      ...kept,
      save(fingerprint, tally) {
        if (isFull) throw new StoreFault("full", "note a login", new Error("disk is full"));
        // Who was killed notes nothing any more.
        if (ofLife === life) kept.save(fingerprint, tally);
      },
    });
    const newDesk = (): CredentialDesk => {
      life += 1;
      const record = recordOf(life);
      return createCredentialDesk({
        clock,
        log: silentLogger,
        secrets: () => ({ identity: null }),
        ledger: createLoginLedger({
          record: () => record,
          now: clock.now,
          fingerprint: async (_salt, user, password) => JSON.stringify([user.toLowerCase(), password]),
        }),
      });
    };
    const desk = newDesk();
    let present = desk;
    let parts: object = {};
    const type = (password: string): void =>
      writeFileSync(path.join(folder, "password"), password, { mode: 0o600 });
    const configure = (next: object = {}): void => {
      parts = next;
      const reader = {
        id: "reader",
        name: "Reader",
        user: "reader@corp.example",
        password: { file: "password" },
      };
      const site = siteConfig.parse({
        addressSpaces: [{ id: "main", name: "Main" }],
        credentials: [{ ...reader, ...parts }],
        directories: [{ id: "d1", name: "Corp", host: "dc1", credentialId: "reader" }],
        eventSources: [
          {
            id: "e1",
            name: "DC1 log",
            kind: "domain-controller",
            host: "dc1.corp.example",
            addressSpaceId: "main",
            credentialId: "reader",
          },
        ],
        pcProbe: { addressSpaceId: "main", credentialIds: ["reader"] },
      });
      present.configure(effectiveSite(null, site, path.join(folder, "site.yaml")));
    };
    const restart: Lab["restart"] = () => {
      present = newDesk();
      configure(parts);
      return { desk: present, port: present.port("reader") };
    };
    const fill = (next: boolean): void => {
      isFull = next;
    };
    const server: Lab["server"] = {
      password: "right",
      tries: [],
      async logIn({ user, password }) {
        server.tries.push(password);
        await Promise.resolve();
        return password === server.password
          ? { kind: "accepted", value: user }
          : { kind: "refused", reason: "dc1 refuses reader@corp.example: the password is wrong" };
      },
    };
    type("right");
    configure();
    await work({ desk, clock, type, configure, server, restart, fill, folder, port: desk.port("reader") });
  });
}

describe("the desk of credentials", () => {
  it("counts on where somebody is let in by tickets from before: those outlive a password that was changed", () =>
    withDesk(async ({ port, server, type, configure }) => {
      type("old");
      configure();
      const refused = () => port.attempt((login) => server.logIn(login), signal);
      const byTickets = () =>
        port.attempt(async () => ({ kind: "accepted" as const, value: "ok", isFresh: false }), signal);
      expect((await refused()).kind).toBe("refused");
      expect((await byTickets()).kind).toBe("accepted");
      expect((await refused()).kind).toBe("refused");
      expect((await byTickets()).kind).toBe("withheld");
      expect(server.tries).toEqual(["old", "old"]);
    }));

  it("hands a login out as it is configured, and counts that it was let in", () =>
    withDesk(async ({ desk, port, configure }) => {
      configure({ user: "CORP\\reader", realm: "corp.example", kdcs: ["dc1"], allowNtlm: true });
      const seen: Login[] = [];
      await port.attempt(async (login) => {
        seen.push(login);
        return { kind: "accepted", value: null };
      }, signal);
      expect(seen).toEqual([
        {
          user: "CORP\\reader",
          password: "right",
          realm: "CORP.EXAMPLE",
          kdcs: ["dc1"],
          allowNtlm: true,
        },
      ]);
      expect(desk.states()).toMatchObject([
        { credentialId: "reader", state: "ok", successes: 1, failures: 0 },
      ]);
    }));

  it("shows a wrong password to servers twice, however many sources try at once, and never again", () =>
    withDesk(async ({ server, desk, port, type }) => {
      type("wrong");
      const outcomes = await Promise.all(
        Array.from({ length: 20 }, () => port.attempt(server.logIn, signal)),
      );
      expect(server.tries).toEqual(["wrong", "wrong"]);
      expect(outcomes.filter(({ kind }) => kind === "withheld")).toHaveLength(18);
      await port.attempt(server.logIn, signal);
      expect(server.tries).toHaveLength(2);
      expect(desk.states()).toMatchObject([{ state: "paused", failures: 2 }]);
    }));

  it("shows a password that was changed on the server twice too, though it was right a moment ago", () =>
    withDesk(async ({ server, port }) => {
      await Promise.all(Array.from({ length: 20 }, () => port.attempt(server.logIn, signal)));
      server.tries = [];
      server.password = "another";
      await Promise.all(Array.from({ length: 20 }, () => port.attempt(server.logIn, signal)));
      expect(server.tries).toHaveLength(2);
    }));

  it("keeps the promise in whatever order attempts begin and end, and passwords change", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.array(fc.constantFrom("attempt", "wrong-1", "wrong-2", "right"), { minLength: 1, maxLength: 40 }),
        (order, steps) =>
          withDesk(async ({ server, port, type }) => {
            // Refusals of a password since it last was let in, or another was typed: what a lockout counts.
            let typed = "right";
            let inARow = 0;
            let worst = 0;
            const logIn = async ({ password }: Login): Promise<LoginResult<null>> => {
              await order.schedule(Promise.resolve());
              if (password === server.password) inARow = 0;
              else if (password === typed) inARow += 1;
              worst = Math.max(worst, inARow);
              return password === server.password
                ? { kind: "accepted", value: null }
                : { kind: "refused", reason: "wrong" };
            };
            const attempts: Promise<unknown>[] = [];
            for (const step of steps) {
              if (step === "attempt") attempts.push(port.attempt(logIn, signal));
              else if (step !== typed) {
                await order.waitFor(Promise.all(attempts.splice(0)));
                typed = step;
                inARow = 0;
                type(step);
              }
            }
            await order.waitFor(Promise.all(attempts));
            expect(worst).toBeLessThanOrEqual(2);
          }),
      ),
      { numRuns: 100 },
    );
  });

  it("says once what is paused, why, who waits for it and what to do", () =>
    withDesk(async ({ server, desk, port, type }) => {
      type("wrong-passw0rd");
      for (const _ of [1, 2]) await port.attempt(server.logIn, signal);
      const [state] = desk.states();
      expect(state?.sentence).toBe(
        "Refused twice in a row and paused, so that the account is not locked: dc1 refuses reader@corp.example: the password is wrong. Set the right password; it is then tried by itself. Used by Corp, DC1 log, PC probe.",
      );
      expect(state?.usedBy.map(({ kind, id }) => `${kind} ${id}`)).toEqual([
        "directory d1",
        "event-log e1",
        "pc-probe pc-probe",
      ]);
      expect(JSON.stringify(desk.states())).not.toContain("wrong-passw0rd");
    }));

  it("goes on by itself when another password is in the file, and not when the same one is written again", () =>
    withDesk(async ({ server, clock, port, type }) => {
      type("wrong");
      for (const _ of [1, 2]) await port.attempt(server.logIn, signal);
      let isUsable = false;
      const waiting = port.untilUsable(signal).then(() => {
        isUsable = true;
      });
      type("wrong");
      await clock.advance(60_000);
      expect(isUsable).toBe(false);
      type("right");
      await clock.advance(60_000);
      await waiting;
      expect((await port.attempt(server.logIn, signal)).kind).toBe("accepted");
    }));

  it("gives one attempt, not two, when a person resumes it, and has nothing to resume otherwise", () =>
    withDesk(async ({ server, desk, port, type }) => {
      expect(await desk.resume("reader")).toBe(false);
      expect(await desk.resume("nobody")).toBeNull();
      type("wrong");
      for (const _ of [1, 2]) await port.attempt(server.logIn, signal);
      expect(await desk.resume("reader")).toBe(true);
      for (const _ of [1, 2, 3]) await port.attempt(server.logIn, signal);
      expect(server.tries).toHaveLength(3);
      expect(desk.states()[0]?.state).toBe("paused");
    }));

  it("does not count a server that could not be asked, and passes on why", () =>
    withDesk(async ({ server, desk, port, type }) => {
      type("wrong");
      const away = async (): Promise<LoginResult<null>> => {
        throw new Error("dc1 is away");
      };
      for (const _ of [1, 2, 3, 4]) await expect(port.attempt(away, signal)).rejects.toThrow("dc1 is away");
      expect(desk.states()).toMatchObject([{ state: "never", failures: 0 }]);
      expect((await port.attempt(server.logIn, signal)).kind).toBe("refused");
      expect(desk.states()[0]?.sentence).toMatch(/^Refused once: .* tried once more\.$/);
    }));

  it("begins anew with another user name, and counts nothing against it that the old one brings back late", () =>
    withDesk(async ({ server, desk, port, type, configure }) => {
      await port.attempt(server.logIn, signal);
      type("wrong");
      server.password = "wrong";
      await port.attempt(server.logIn, signal);
      server.password = "right";
      let end: (result: LoginResult<null>) => void = () => undefined;
      const late = port.attempt(
        () =>
          new Promise<LoginResult<null>>((resolve) => {
            end = resolve;
          }),
        signal,
      );
      await port.attempt(server.logIn, signal);
      configure({ user: "other@corp.example" });
      type("right");
      await port.attempt(server.logIn, signal);
      end({ kind: "refused", reason: "late" });
      await late;
      expect(desk.states()).toMatchObject([{ state: "ok", successes: 3, failures: 2 }]);
      expect((await port.attempt(server.logIn, signal)).kind).toBe("accepted");
    }));

  it("withholds what is not configured or cannot be opened, and says so", () =>
    withDesk(async ({ server, desk, type, port }) => {
      expect(await desk.port("nobody").attempt(server.logIn, signal)).toEqual({
        kind: "withheld",
        sentence: "The credential it names is not configured.",
      });
      type("");
      expect(await port.attempt(server.logIn, signal)).toMatchObject({
        kind: "withheld",
        sentence: expect.stringMatching(/password is empty/),
      });
      expect(desk.states()).toMatchObject([{ state: "paused", sentence: expect.stringMatching(/is empty/) }]);
      expect(server.tries).toEqual([]);
    }));

  it("does not open a file of this machine for a credential of the portal", () =>
    withDesk(async ({ desk, server }) => {
      const portal = siteConfig.parse({
        addressSpaces: [{ id: "main", name: "Main" }],
        credentials: [{ id: "reader", name: "R", user: "r@corp.example", password: { file: "/etc/passwd" } }],
      });
      desk.configure(effectiveSite(portal, null, "/tmp/site.yaml"));
      expect(await desk.port("reader").attempt(server.logIn, signal)).toMatchObject({
        kind: "withheld",
        sentence: expect.stringMatching(/only be named in the agent's own configuration file/),
      });
    }));

  it("pauses a directory's own login alike, and does not list it among the credentials", () =>
    withDesk(async ({ server, desk }) => {
      server.password = "other";
      const login = { id: "d9", name: "Old", user: "u@corp.example", password: { file: "nowhere" } };
      const port = desk.ownPort(login, "/nonexistent");
      expect((await port.attempt(server.logIn, signal)).kind).toBe("withheld");
      expect(desk.states().map(({ credentialId }) => credentialId)).toEqual(["reader"]);
    }));

  it("keeps a pause and what it says over a restart, until another password is there", () =>
    withDesk(async ({ server, port, type, restart, desk }) => {
      type("wrong");
      for (const _ of [1, 2]) await port.attempt(server.logIn, signal);
      const [before] = desk.states();
      const again = restart();
      expect((await again.port.attempt(server.logIn, signal)).kind).toBe("withheld");
      expect(again.desk.states()).toMatchObject([{ state: "paused", sentence: before?.sentence }]);
      type("right");
      expect((await again.port.attempt(server.logIn, signal)).kind).toBe("accepted");
      expect(server.tries).toEqual(["wrong", "wrong", "right"]);
    }));

  it("goes on counting over a restart: refused once before, it is tried once more", () =>
    withDesk(async ({ server, port, type, restart }) => {
      type("wrong");
      await port.attempt(server.logIn, signal);
      for (const _ of [1, 2, 3]) await restart().port.attempt(server.logIn, signal);
      expect(server.tries).toHaveLength(2);
    }));

  it("resumes what was paused before a restart, and forgets nothing else by it", () =>
    withDesk(async ({ server, port, type, restart }) => {
      type("wrong");
      for (const _ of [1, 2]) await port.attempt(server.logIn, signal);
      expect(await restart().desk.resume("reader")).toBe(true);
      for (const _ of [1, 2, 3]) await restart().port.attempt(server.logIn, signal);
      expect(server.tries).toHaveLength(3);
    }));

  it("counts an attempt during which the agent was killed as one that may have been refused, and tries once more", () =>
    withDesk(async ({ server, port, restart }) => {
      void port.attempt(thinking, signal);
      await port.withheld();
      const again = restart();
      expect((await again.port.attempt(server.logIn, signal)).kind).toBe("accepted");
      expect((await restart().port.attempt(server.logIn, signal)).kind).toBe("accepted");
    }));

  it("is held back for half an hour where the agent was killed in the middle twice, says until when, and then has one attempt", () =>
    withDesk(async ({ server, clock, port, restart }) => {
      void port.attempt(thinking, signal);
      await port.withheld();
      const second = restart();
      void second.port.attempt(thinking, signal);
      await second.port.withheld();
      const third = restart();
      expect((await third.port.attempt(server.logIn, signal)).kind).toBe("withheld");
      expect(third.desk.states()[0]).toMatchObject({
        state: "paused",
        sentence: expect.stringContaining("It is tried once at 08:30 UTC, or at once when it is resumed."),
      });
      const waiting = third.port.untilUsable(signal);
      await clock.advance(31 * MINUTE);
      await waiting;
      expect((await third.port.attempt(server.logIn, signal)).kind).toBe("accepted");
    }));

  it("shows a wrong password twice at most in half an hour, in whatever order it is tried and the agent killed", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.array(fc.constantFrom("attempt", "attempt", "kill", "settle"), { minLength: 1, maxLength: 40 }),
        (order, steps) =>
          withDesk(async ({ type, port, restart }) => {
            type("wrong");
            let shown = 0;
            let present = port;
            const logIn = async (): Promise<LoginResult<null>> => {
              shown += 1;
              await order.schedule(Promise.resolve());
              return { kind: "refused", reason: "wrong" };
            };
            for (const step of steps) {
              if (step === "attempt") void present.attempt(logIn, signal);
              else if (step === "kill") present = restart().port;
              else await order.waitFor(present.withheld());
              await present.withheld();
            }
            await order.waitAll();
            expect(shown).toBeLessThanOrEqual(2);
          }),
      ),
      { numRuns: 100 },
    );
  });

  it("counts a password that was shown without an answer as one that may be wrong: twice, and it is held back", () =>
    withDesk(async ({ server, desk, port, clock }) => {
      for (const _ of [1, 2])
        await expect(port.attempt(silent, signal)).rejects.toThrow("dc1 does not answer");
      expect((await port.attempt(server.logIn, signal)).kind).toBe("withheld");
      expect(desk.states()[0]?.sentence).toContain("(dc1 does not answer in time)");
      // Again and again: one attempt each half hour.
      await clock.advance(31 * MINUTE);
      await expect(port.attempt(silent, signal)).rejects.toThrow("dc1 does not answer");
      expect((await port.attempt(silent, signal)).kind).toBe("withheld");
      expect(await desk.resume("reader")).toBe(true);
      expect((await port.attempt(server.logIn, signal)).kind).toBe("accepted");
    }));

  it("forgets that nobody answered once a server lets it in", () =>
    withDesk(async ({ server, port }) => {
      for (const _ of [1, 2, 3, 4]) {
        await expect(port.attempt(silent, signal)).rejects.toThrow("dc1 does not answer");
        expect((await port.attempt(server.logIn, signal)).kind).toBe("accepted");
      }
    }));

  it("tries nothing that it cannot note, says so, and goes on once it can", () =>
    withDesk(async ({ server, port, fill }) => {
      fill(true);
      expect(await port.attempt(server.logIn, signal)).toMatchObject({
        kind: "withheld",
        sentence: expect.stringMatching(/cannot note it .*disk is full/),
      });
      expect(server.tries).toEqual([]);
      fill(false);
      expect((await port.attempt(server.logIn, signal)).kind).toBe("accepted");
    }));

  it("counts a refusal that comes after who asked has given up", () =>
    withDesk(async ({ server, port, type }) => {
      type("wrong");
      let answer: (result: LoginResult<null>) => void = () => undefined;
      const giveUp = new AbortController();
      const first = port.attempt(
        () =>
          new Promise<LoginResult<null>>((resolve) => {
            answer = resolve;
          }),
        giveUp.signal,
      );
      await port.withheld();
      giveUp.abort(new Error("the computer took too long"));
      await expect(first).rejects.toThrow("took too long");
      answer({ kind: "refused", reason: "wrong" });
      for (const _ of [1, 2]) await port.attempt(server.logIn, signal);
      expect(server.tries).toHaveLength(1);
    }));

  it("closes what was opened after who asked has given up", () =>
    withDesk(async ({ port }) => {
      let isClosed = false;
      let answer: (result: LoginResult<{ close(): void }>) => void = () => undefined;
      const giveUp = new AbortController();
      const asked = port.attempt(
        () =>
          new Promise<LoginResult<{ close(): void }>>((resolve) => {
            answer = resolve;
          }),
        giveUp.signal,
      );
      await port.withheld();
      giveUp.abort(new Error("stopped"));
      await expect(asked).rejects.toThrow("stopped");
      answer({
        kind: "accepted",
        value: {
          close() {
            isClosed = true;
          },
        },
      });
      await port.attempt(async () => ({ kind: "accepted", value: null }), signal);
      expect(isClosed).toBe(true);
    }));

  it("counts two credentials of one account with one password as one login", () =>
    withDesk(async ({ server, desk, port, type, folder }) => {
      type("wrong");
      await port.attempt(server.logIn, signal);
      const own = desk.ownPort(
        { id: "d1", name: "Corp", user: "READER@corp.example", password: { file: "password" } },
        folder,
      );
      await own.attempt(server.logIn, signal);
      expect((await port.attempt(server.logIn, signal)).kind).toBe("withheld");
      expect(server.tries).toHaveLength(2);
    }));

  it("is not made to begin anew by a configuration that takes a credential away and brings it back", () =>
    withDesk(async ({ server, desk, port, type, configure }) => {
      type("wrong");
      for (const _ of [1, 2]) await port.attempt(server.logIn, signal);
      desk.configure(
        effectiveSite(null, siteConfig.parse({ addressSpaces: [{ id: "main", name: "M" }] }), null),
      );
      configure();
      expect((await port.attempt(server.logIn, signal)).kind).toBe("withheld");
      expect(server.tries).toHaveLength(2);
    }));

  it("waits for attempts under way when the agent stops, begins no other, and leaves none in doubt", () =>
    withDesk(async ({ server, desk, port, restart }) => {
      let answer: (result: LoginResult<null>) => void = () => undefined;
      const asked = port.attempt(
        () =>
          new Promise<LoginResult<null>>((resolve) => {
            answer = resolve;
          }),
        signal,
      );
      await port.withheld();
      const closing = desk.close();
      const giveUp = new AbortController();
      const later = port.attempt(server.logIn, giveUp.signal);
      answer({ kind: "accepted", value: null });
      await closing;
      await asked;
      giveUp.abort(new Error("stopped"));
      await expect(later).rejects.toThrow("stopped");
      expect(server.tries).toEqual([]);
      const again = restart();
      await expect(again.port.attempt(silent, signal)).rejects.toThrow("dc1 does not answer");
      expect((await again.port.attempt(server.logIn, signal)).kind).toBe("accepted");
    }));
});
