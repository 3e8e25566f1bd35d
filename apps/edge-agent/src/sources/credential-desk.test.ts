import { writeFileSync } from "node:fs";
import path from "node:path";
import { siteConfig } from "@rollcall/agent-protocol";
import type { Login, LoginPort, LoginResult } from "@rollcall/collectors/login-port";
import { silentLogger } from "@rollcall/observability";
import { FakeClock, withTempDir } from "@rollcall/testkit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type CredentialDesk, createCredentialDesk } from "./credential-desk.ts";
import { effectiveSite } from "./effective-site.ts";

interface Lab {
  readonly desk: CredentialDesk;
  readonly clock: FakeClock;
  /** Writes the password file. */
  type(password: string): void;
  configure(parts?: object): void;
  /** A server that takes one password; gives what it answers, and notes who asked. */
  readonly server: { password: string; tries: string[]; logIn(login: Login): Promise<LoginResult<string>> };
  readonly port: LoginPort;
}

const signal = new AbortController().signal;

function withDesk(work: (lab: Lab) => Promise<void>): Promise<void> {
  return withTempDir(async (folder) => {
    const clock = new FakeClock();
    const desk = createCredentialDesk({ clock, log: silentLogger, secrets: () => ({ identity: null }) });
    const type = (password: string): void =>
      writeFileSync(path.join(folder, "password"), password, { mode: 0o600 });
    const configure = (parts: object = {}): void => {
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
      desk.configure(effectiveSite(null, site, path.join(folder, "site.yaml")));
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
    await work({ desk, clock, type, configure, server, port: desk.port("reader") });
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
      expect(desk.resume("reader")).toBe(false);
      expect(desk.resume("nobody")).toBeNull();
      type("wrong");
      for (const _ of [1, 2]) await port.attempt(server.logIn, signal);
      expect(desk.resume("reader")).toBe(true);
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
      type("wrong");
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
      expect(desk.states()).toMatchObject([{ state: "ok", successes: 1, failures: 2 }]);
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
});
