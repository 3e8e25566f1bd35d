import { describe, expect, it } from "vitest";
import { HELD_MS } from "../state/login-tally.ts";
import { type AgentLedger, createLoginLedger, fingerprintOfLogin, passingRecord } from "./login-ledger.ts";

const OF = "a".repeat(64);
const REFUSED = { kind: "refused", reason: "wrong" } as const;

function aLedger(shownMax?: number): { ledger: AgentLedger; later(ms: number): void } {
  let now = 1_000_000_000_000;
  const record = passingRecord();
  const ledger = createLoginLedger({
    record: () => record,
    now: () => now,
    ...(shownMax === undefined ? {} : { shownMax }),
  });
  return {
    ledger,
    later: (ms) => {
      now += ms;
    },
  };
}

async function end(ledger: AgentLedger, note: Parameters<AgentLedger["giveBack"]>[1]): Promise<string> {
  const begun = await ledger.begin(OF);
  if (begun.kind === "turn") await begun.turn.end(note);
  return begun.kind;
}

describe("the count of logins", () => {
  it("lets one attempt run at a time until it was let in, and two from then on", async () => {
    const { ledger } = aLedger();
    const first = await ledger.begin(OF);
    expect((await ledger.begin(OF)).kind).toBe("busy");
    if (first.kind === "turn") await first.turn.end({ kind: "accepted" });
    const kinds = [await ledger.begin(OF), await ledger.begin(OF), await ledger.begin(OF)].map(
      ({ kind }) => kind,
    );
    expect(kinds).toEqual(["turn", "turn", "busy"]);
  });

  it("counts what a command beside the agent tries as its own: twice over both", async () => {
    const { ledger } = aLedger();
    expect(ledger.lend(OF)).toBe(true);
    ledger.giveBack(OF, REFUSED);
    expect(await end(ledger, REFUSED)).toBe("turn");
    expect(ledger.lend(OF)).toBe(false);
    expect(ledger.standing(OF)).toEqual({ kind: "paused", refusal: "wrong" });
  });

  it("lends nothing of which two are under way", async () => {
    const { ledger } = aLedger();
    await end(ledger, { kind: "accepted" });
    await ledger.begin(OF);
    expect(ledger.lend(OF)).toBe(true);
    expect(ledger.lend(OF)).toBe(false);
  });

  it("keeps in doubt what a command never gave back, and forgets it once it is let in", async () => {
    const { ledger, later } = aLedger();
    ledger.lend(OF);
    ledger.lend(OF);
    expect(ledger.standing(OF)).toMatchObject({ kind: "held" });
    later(HELD_MS - 1);
    expect((await ledger.begin(OF)).kind).toBe("withheld");
    later(1);
    expect(await end(ledger, { kind: "accepted" })).toBe("turn");
    expect(ledger.standing(OF)).toEqual({ kind: "free", refusal: null });
  });

  it("does not wait for longer because the clock was set back", async () => {
    const { ledger, later } = aLedger();
    ledger.lend(OF);
    ledger.lend(OF);
    later(-365 * 86_400_000);
    expect(ledger.standing(OF).kind).toBe("held");
    later(HELD_MS);
    expect((await ledger.begin(OF)).kind).toBe("turn");
  });

  it("counts nothing of an attempt in which nobody saw the password", async () => {
    const { ledger } = aLedger();
    for (const _ of [1, 2, 3]) expect(await end(ledger, { kind: "not-shown" })).toBe("turn");
  });

  it("that allows one failure says that it was tried once", async () => {
    const { ledger } = aLedger(1);
    await end(ledger, REFUSED);
    expect(await ledger.begin(OF)).toEqual({
      kind: "not-tried",
      sentence: "Tried once, and not again now, so that the account is not locked; it was refused: wrong.",
    });
  });

  it("tells names, passwords and stores apart, and not the case of a name", async () => {
    const [salt, other] = ["ab".repeat(32), "cd".repeat(32)];
    const of = (user: string, password: string, by = salt) => fingerprintOfLogin(by, user, password);
    const first = await of("reader@corp.example", "Secret");
    expect(first).toMatch(/^[0-9a-f]{64}$/);
    expect(await of("Reader@CORP.example", "Secret")).toBe(first);
    for (const [user, password, by] of [
      ["reader@corp.example", "secret", salt],
      ["reader2@corp.example", "Secret", salt],
      ["reader@corp.example", "Secret", other],
    ] as const)
      expect(await of(user, password, by)).not.toBe(first);
  });
});
