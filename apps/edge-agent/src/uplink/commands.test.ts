import { commandUpdate } from "@rollcall/agent-protocol";
import { aLogon, ip } from "@rollcall/identity-core/testing";
import { silentLogger } from "@rollcall/observability";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { documentOf } from "../doctor/doctor.ts";
import { lookUpAddress } from "../pipeline/look-up.ts";
import { systemClock } from "../supervisor/clock.ts";
import { type FakeGateway, startFakeGateway } from "../testing/fake-gateway.ts";
import { arrival, withKeeper } from "../testing/pipeline-lab.ts";
import { aLink, anIdentity, during, eventually } from "../testing/uplink-lab.ts";
import { type CommandDesk, followCommands } from "./commands.ts";
import type { PortalLink } from "./portal-link.ts";

let gateway: FakeGateway;
let link: PortalLink;
beforeAll(async () => {
  gateway = await startFakeGateway();
});
afterAll(() => gateway.close());
beforeEach(async () => {
  link = aLink(await anIdentity(gateway));
  gateway.calls.length = 0;
  return () => link.close();
});

const clock = systemClock;
const log = silentLogger;

describe("the command channel", () => {
  const id = "7d9f7d0e-0b6a-4b0e-9a57-2d3c4f5a6b7c";
  const CHECK = { name: "Disk", ok: true, detail: "900 MiB are free" };
  const desk: CommandDesk = {
    testSource: async (kind, source) =>
      source === "missing" ? null : [{ name: "port", ok: kind === "syslog", detail: "tried" }],
    examine: async () =>
      documentOf(
        [
          {
            kind: "machine",
            id: "machine",
            name: "This machine",
            checks: [{ ...CHECK, remedy: "free some" }],
          },
        ],
        1,
      ),
    lookUp: () => [],
    pushResync: async (point, _signal, onProgress) => {
      if (point === "missing") return null;
      onProgress("200 entries told.");
      return 300;
    },
    probe: (ip, space) =>
      space === "elsewhere"
        ? null
        : Promise.resolve({ outcome: "nobody", sentence: `${ip} is empty.`, user: null, computer: "PC-1" }),
    resumeCredential: async (credential) => (credential === "missing" ? null : credential === "paused"),
    tail: async ({ lines }) => [
      { at: 1, sender: "10.0.0.9", sourceId: "vpn", line: `${lines} wanted`, matched: true },
    ],
  };

  async function ask(command: unknown, options: { desk?: CommandDesk; deadlineMs?: number } = {}) {
    gateway.calls.length = 0;
    gateway.on("POST /v1/commands/*", () => ({ status: 204 }));
    const answers = () =>
      gateway.calls
        .filter((call) => call.path === `/v1/commands/${id}`)
        .map((call) => commandUpdate.parse(call.body));
    const body = { commands: [{ id, deadline: Date.now() + (options.deadlineMs ?? 5000), command }] };
    // Whoever followed before may have asked once more and be gone: what only that one was told is told again.
    let toldAt = Number.NEGATIVE_INFINITY;
    gateway.on("GET /v1/commands", () => {
      if (answers().length > 0 || Date.now() - toldAt < 1000) return { status: 204 };
      toldAt = Date.now();
      return { status: 200, body };
    });
    await during(
      (signal) => followCommands({ link, desk: options.desk ?? desk, clock, log }, signal),
      () => eventually("it is answered", () => answers().some((update) => update.state !== "running")),
    );
    return answers();
  }

  it("tests a source and gives the checks, with progress before them", async () => {
    expect(await ask({ kind: "test-source", sourceKind: "directory", sourceId: "d" })).toEqual([
      { state: "running", progress: expect.objectContaining({ sentence: "The source is being tested." }) },
      {
        state: "done",
        result: { kind: "test-source", ok: false, checks: [{ name: "port", ok: false, detail: "tried" }] },
      },
    ]);
  });

  it("examines everything, and advice is no failure", async () => {
    expect(await ask({ kind: "doctor" })).toEqual([
      {
        state: "running",
        progress: expect.objectContaining({ sentence: "Every source is being examined." }),
      },
      {
        state: "done",
        result: {
          kind: "doctor",
          ok: true,
          sections: [
            {
              kind: "machine",
              id: "machine",
              name: "This machine",
              checks: [{ ...CHECK, remedy: "free some" }],
            },
          ],
        },
      },
    ]);
  });

  it("says that it has no such source", async () => {
    expect(
      (await ask({ kind: "test-source", sourceKind: "syslog", sourceId: "missing" })).at(-1),
    ).toMatchObject({ state: "failed", code: "not-found" });
  });

  it("looks an address up in the table that firewalls are answered from, with the reasons", () =>
    withKeeper(async ({ keeper, clock: time }) => {
      keeper.write([arrival({ observations: [aLogon({ user: "ana", at: time.now() })] })]);
      const lookUp: CommandDesk["lookUp"] = (address, space) =>
        lookUpAddress({ table: keeper.table, journal: keeper.journal }, ip(address), time.now(), space);
      const [, done] = await ask(
        { kind: "look-up-address", ip: "::ffff:10.0.0.1" },
        { desk: { ...desk, lookUp } },
      );
      expect(done).toMatchObject({
        state: "done",
        result: {
          entry: { ip: "10.0.0.1", user: { name: "ana" } },
          explanation: [expect.stringContaining("ana"), expect.anything()],
        },
      });
      expect((await ask({ kind: "look-up-address", ip: "nonsense" })).at(-1)).toMatchObject({
        state: "failed",
        message: expect.stringContaining("is no address"),
      });
    }));

  it("gives the lines it was asked for", async () => {
    expect((await ask({ kind: "tail", lines: 7, seconds: 1 })).at(-1)).toMatchObject({
      state: "done",
      result: { lines: [{ line: "7 wanted" }] },
    });
  });

  it("sends a firewall everything again, says how far it is, then how much it was; or that it posts to no such one", async () => {
    const answers = await ask({ kind: "push-resync", enforcementPointId: "fw" });
    expect(answers.map((update) => update.state).toSorted()).toEqual(["done", "running", "running"]);
    expect(answers).toContainEqual({ state: "done", result: { kind: "push-resync", entries: 300 } });
    expect(JSON.stringify(answers)).toContain("200 entries told.");
    expect((await ask({ kind: "push-resync", enforcementPointId: "missing" })).at(-1)).toMatchObject({
      state: "failed",
      message: "This agent does not post to that firewall.",
    });
  });

  it("asks a computer who sits there, and says where this agent asks none", async () => {
    const probed = async (addressSpaceId: string) =>
      (await ask({ kind: "probe-address", ip: "10.0.0.7", addressSpaceId })).at(-1);
    expect(await probed("here")).toEqual({
      state: "done",
      result: {
        kind: "probe-address",
        outcome: "nobody",
        sentence: "10.0.0.7 is empty.",
        user: null,
        computer: "PC-1",
      },
    });
    expect(await probed("elsewhere")).toMatchObject({
      state: "failed",
      message: "This agent does not ask computers in that address space.",
    });
  });

  it("lets a paused login be tried once more, and says where it was not paused or is not there", async () => {
    const resumed = async (credentialId: string) =>
      (await ask({ kind: "resume-credential", credentialId })).at(-1);
    expect(await resumed("paused")).toEqual({
      state: "done",
      result: { kind: "resume-credential", resumed: true },
    });
    expect(await resumed("ok")).toMatchObject({ result: { resumed: false } });
    expect(await resumed("missing")).toMatchObject({
      state: "failed",
      message: "This agent has no credential of that id.",
    });
  });

  it("refuses a command it does not know, whatever it asks for", async () => {
    expect(await ask({ kind: "run-program", path: "/bin/sh" })).toEqual([
      { state: "refused", message: expect.stringContaining("does not know that command") },
    ]);
  });

  it("gives up when the deadline has come, and says so", async () => {
    const forever: CommandDesk = {
      ...desk,
      tail: ({ signal }) =>
        new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
    };
    expect((await ask({ kind: "tail" }, { desk: forever, deadlineMs: 300 })).at(-1)).toMatchObject({
      state: "failed",
      code: "timed-out",
    });
  });
});
