import { observationsOf, type ProbeAnswer, ProbeCounters, type Probed } from "@rollcall/collectors/pc-probe";
import { type Observation, SessionTable } from "@rollcall/identity-core";
import { aLogon, anEnd, ip, minutes } from "@rollcall/identity-core/testing";
import { fuzzRuns, fuzzSeed } from "@rollcall/testkit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { arrival, type PipelineLab, withKeeper } from "../testing/pipeline-lab.ts";
import { ExpiryVerifier } from "./pc-probe-verifier.ts";

const HERE = ip("10.0.0.1");
const computer = { name: "PC-1", domain: "corp.example" };
const LIFETIME = minutes(60);

const says = {
  ana: { kind: "user", user: { domain: "corp", name: "ana" }, computer },
  bob: { kind: "user", user: { domain: "corp", name: "bob" }, computer },
  nobody: { kind: "nobody", because: "nobody", computer },
  unreachable: { kind: "unreachable", sentence: "nobody listens" },
  denied: { kind: "denied", sentence: "WBEM_E_ACCESS_DENIED" },
  noLogin: { kind: "no-login", sentence: "refused" },
} as const satisfies Record<string, ProbeAnswer>;

interface Desk {
  readonly lab: PipelineLab;
  /** Everything that this agent made durable, as the cloud is sent it. */
  readonly written: Observation[];
  readonly verifier: ExpiryVerifier;
  /** One that knows nothing but the table: after a restart, or of another agent. */
  another(): ExpiryVerifier;
  /** Lets the one computer that is being asked answer. */
  answer(answer: ProbeAnswer): Promise<void>;
  write(...observations: Observation[]): void;
  user(): string | null;
}

/** Ana at 10.0.0.1 from 08:00 for an hour, and a verifier of whose questions the test is the answer. */
function verifying(
  work: (desk: Desk) => Promise<void>,
  { holdIfAlive = false, objection = null }: { holdIfAlive?: boolean; objection?: string | null } = {},
): Promise<void> {
  return withKeeper(async (lab) => {
    const { clock, keeper } = lab;
    const written: Observation[] = [];
    const write = (...observations: Observation[]): void => {
      written.push(...observations);
      keeper.write([arrival({ observations })]);
    };
    let pending: ((answer: ProbeAnswer) => void) | null = null;
    const newVerifier = () =>
      new ExpiryVerifier({
        keeper,
        now: clock.now,
        counters: new ProbeCounters(),
        config: () => ({ addressSpaceId: "space", holdIfAlive }),
        objectionTo: () => objection,
        ask(asked) {
          const askedAt = clock.now();
          return new Promise<Probed>((resolve) => {
            pending = (answer) =>
              resolve({ kind: "asked", ip: asked, askedAt, receivedAt: clock.now(), answer, by: null });
          });
        },
        take: async (probed) => {
          if (probed.kind === "asked")
            write(...observationsOf(probed, { addressSpaceId: "space", lifetimeMs: LIFETIME }));
        },
        submit: async (observations) => write(...observations),
        onFault: (error) => expect.fail(String(error)),
      });
    const verifier = newVerifier();
    await work({
      lab,
      written,
      verifier,
      another: newVerifier,
      async answer(answer) {
        const give = pending ?? expect.fail("nobody is being asked");
        pending = null;
        give(answer);
        await settle();
      },
      write,
      user() {
        keeper.advance();
        const { user } = keeper.table.entryOf("space", HERE) ?? {};
        return user?.name ?? null;
      },
    });
  });
}

function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

const ana = (clock: { now(): number }, lifetimeMinutes = 60) =>
  aLogon({ user: "ana", domain: "corp", at: clock.now(), lifetimeMinutes, class: "B", family: "event-log" });

/** Five seconds before Ana's time is over, when her computer begins to be asked. */
async function untilAsked({ lab, verifier, write }: Desk): Promise<void> {
  write(ana(lab.clock));
  await lab.clock.advance(LIFETIME - 5000);
  verifier.look();
  await settle();
}

describe("a session whose time is over", () => {
  it("is served while its computer is asked, for a minute at most", () =>
    verifying(async (desk) => {
      const { clock } = desk.lab;
      await untilAsked(desk);
      const { revision } = desk.lab.keeper.table;
      await clock.advance(5000 + 59_000);
      expect(desk.user()).toBe("ana");
      const { lines } = desk.lab.keeper.table.explain("space", HERE, clock.now());
      expect(lines.map(({ sentence }) => sentence)).toContainEqual(
        expect.stringContaining("served for a minute more while its computer is asked"),
      );
      expect(desk.lab.keeper.table.revision).toBe(revision);
      // Nobody answers, and nobody prolongs it again.
      desk.verifier.look();
      await clock.advance(1000);
      expect(desk.user()).toBeNull();
    }));

  it("is not served for a second minute by an agent that starts meanwhile, or another that sees it verified", () =>
    verifying(async (desk) => {
      await untilAsked(desk);
      await desk.lab.clock.advance(5000 + 55_000);
      expect(desk.user()).toBe("ana");
      desk.another().look();
      await settle();
      await desk.lab.clock.advance(5000);
      expect(desk.user()).toBeNull();
    }));

  it("goes on where the same user sits there: class A, and firewalls are told nothing", () =>
    verifying(async (desk) => {
      await untilAsked(desk);
      const { keeper, clock } = desk.lab;
      const { revision } = keeper.table;
      const askedAt = clock.now();
      await desk.answer(says.ana);
      expect(keeper.table.entryOf("space", HERE)?.user).toMatchObject({
        name: "ana",
        class: "A",
        rule: "probe:user",
        lastSeenAt: askedAt,
        expiresAt: askedAt + LIFETIME,
      });
      // The computer is new to the table; of the user nothing is told.
      expect(keeper.table.revision).toBeLessThanOrEqual(revision + 1);
    }));

  it("is another user's where another sits there, in one change", () =>
    verifying(async (desk) => {
      await untilAsked(desk);
      await desk.answer(says.bob);
      expect(desk.user()).toBe("bob");
      expect(desk.lab.keeper.table.entryOf("space", HERE)?.user).toMatchObject({ class: "A" });
    }));

  it("ends where nobody is logged on, and the computer stays", () =>
    verifying(async (desk) => {
      desk.write(aLogon({ kind: "device", user: "pc-1", at: desk.lab.clock.now(), lifetimeMinutes: 1440 }));
      await untilAsked(desk);
      await desk.answer(says.nobody);
      expect(desk.user()).toBeNull();
      expect(desk.lab.keeper.table.entryOf("space", HERE)?.device).not.toBeNull();
    }));

  for (const why of ["unreachable", "denied", "noLogin"] as const)
    it(`ends where its computer is asked in vain: ${says[why].kind}`, () =>
      verifying(async (desk) => {
        await untilAsked(desk);
        expect(desk.user()).toBe("ana");
        await desk.answer(says[why]);
        expect(desk.user()).toBeNull();
      }));

  it("ends at once where nobody may be asked", () =>
    verifying(
      async (desk) => {
        await untilAsked(desk);
        await desk.lab.clock.advance(5000);
        expect(desk.user()).toBeNull();
        expect(desk.written).toHaveLength(1);
      },
      { objection: "no login" },
    ));

  it("is held for two more periods where the computer is alive and cannot be asked, then ends", () =>
    verifying(
      async (desk) => {
        const { clock } = desk.lab;
        await untilAsked(desk);
        for (const period of [1, 2]) {
          desk.write(aLogon({ kind: "device", user: "pc-1", at: clock.now(), lifetimeMinutes: 1440 }));
          await desk.answer(says.unreachable);
          await clock.advance(LIFETIME);
          expect(desk.user(), `period ${period}`).toBe("ana");
          desk.verifier.look();
          await settle();
        }
        desk.write(aLogon({ kind: "device", user: "pc-1", at: clock.now(), lifetimeMinutes: 1440 }));
        await desk.answer(says.unreachable);
        expect(desk.user()).toBeNull();
      },
      { holdIfAlive: true },
    ));

  it("is not held for a computer that was not seen since its user was", () =>
    verifying(
      async (desk) => {
        desk.write(
          aLogon({ kind: "device", user: "pc-1", at: desk.lab.clock.now() - 1, lifetimeMinutes: 1440 }),
        );
        await untilAsked(desk);
        await desk.answer(says.unreachable);
        expect(desk.user()).toBeNull();
      },
      { holdIfAlive: true },
    ));
});

describe("what else is said while a computer is asked", () => {
  it("is newer than the answer: nobody was there, and then Bob was", () =>
    verifying(async (desk) => {
      await untilAsked(desk);
      await desk.lab.clock.advance(3000);
      desk.write(aLogon({ user: "bob", at: desk.lab.clock.now(), class: "B", family: "event-log" }));
      await desk.lab.clock.advance(3000);
      await desk.answer(says.nobody);
      expect(desk.user()).toBe("bob");
    }));

  it("ends what is being verified, also where it comes late and is older than the question", () =>
    verifying(async (desk) => {
      const { clock } = desk.lab;
      const leftAt = clock.now() + minutes(30);
      await untilAsked(desk);
      desk.write(anEnd({ user: "ana", domain: "corp", at: leftAt, family: "event-log" }));
      expect(desk.user()).toBeNull();
    }));

  it("is not undone by an agent that could not reach the computer when another could", () =>
    verifying(async (desk) => {
      await untilAsked(desk);
      const { keeper, clock } = desk.lab;
      // The other agent's answer came down from the cloud.
      const probed: Probed = {
        kind: "asked",
        ip: HERE,
        askedAt: clock.now(),
        receivedAt: clock.now(),
        answer: says.ana,
        by: null,
      };
      const observations = observationsOf(probed, { addressSpaceId: "space", lifetimeMs: LIFETIME });
      keeper.write([arrival({ observations, origin: "cloud" })]);
      await desk.answer(says.unreachable);
      expect(desk.user()).toBe("ana");
    }));
});

const seed = fuzzSeed();
it(`gives the cloud the same answer at every moment, whatever it came to and in whatever order it arrives (seed ${seed})`, async () => {
  const stories = fc.record({
    answers: fc.array(fc.constantFrom(...Object.values(says)), { minLength: 1, maxLength: 3 }),
    holdIfAlive: fc.boolean(),
    delayMs: fc.integer({ min: 0, max: 70_000 }),
    order: fc.array(fc.nat(1000), { minLength: 12, maxLength: 12 }),
  });
  await fc.assert(
    fc.asyncProperty(stories, async ({ answers, holdIfAlive, delayMs, order }) => {
      await verifying(
        async (desk) => {
          const { clock, keeper } = desk.lab;
          await untilAsked(desk);
          for (const answer of answers) {
            desk.write(aLogon({ kind: "device", user: "pc-1", at: clock.now(), lifetimeMinutes: 1440 }));
            if (desk.verifier.verifying === 0) break;
            await clock.advance(delayMs);
            await desk.answer(answer);
            desk.verifier.look();
            await clock.advance(LIFETIME - 8000);
            desk.verifier.look();
            await settle();
          }
          const shuffled = desk.written
            .map((observation, index) => ({ observation, key: order[index % order.length] ?? 0 }))
            .sort((a, b) => a.key - b.key)
            .map(({ observation }) => observation);
          const cloud = new SessionTable({ issuer: "00112233445566aa", incarnation: "00112233445566bb" });
          cloud.apply([...shuffled, ...shuffled], clock.now());
          for (const laterMs of [0, 5000, 30_000, 61_000, LIFETIME]) {
            await clock.advance(laterMs);
            cloud.advance(clock.now());
            keeper.advance();
            const here = keeper.table.entryOf("space", HERE)?.user;
            const there = cloud.entryOf("space", HERE)?.user;
            expect(there?.name ?? null).toBe(here?.name ?? null);
            expect(there?.expiresAt ?? null).toBe(here?.expiresAt ?? null);
          }
        },
        { holdIfAlive },
      );
    }),
    { numRuns: fuzzRuns(400), seed },
  );
});
