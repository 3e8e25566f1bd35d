import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import {
  EVENT_RULES,
  type EventSourceKind,
  type JudgeContext,
  judge,
  switchesOf,
  type WindowsEvent,
} from "@rollcall/event-rules";
import { type IpAddress, parseIp } from "@rollcall/identity-core";
import { createEventReader } from "@rollcall/windows-rpc/binxml";
import { inMemory, readEvtx } from "@rollcall/windows-rpc/evtx";
import { describe, expect, it } from "vitest";

/**
 * What the rules make of every real record of Windows that we have, of servers and clients from 2015 to
 * 2025, some of them attacks. The counts are a golden file: a rule that changes what it takes changes a line of it.
 */
const FOLDER = path.resolve(import.meta.dirname, "..", "..", "..", "..", "..", "shared", "data", "evtx");
const isHere = existsSync(FOLDER);
const KINDS: readonly EventSourceKind[] = ["domain-controller", "exchange", "event-collector", "wef"];
const SEAT = parseIp("10.0.0.7");

if (!isHere) console.log(`real-records.test.ts skips: there is no ${FOLDER}`);

function eventsOf(file: string): WindowsEvent[] {
  return [...readEvtx(inMemory(readFileSync(file)))].flatMap((one) =>
    one.kind === "record" ? [one.event] : [],
  );
}

function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".evtx"))
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort();
}

/** Every rule on; the controllers of that lab are called rootdc1 and rootdc2; every computer is at one address. */
function contextOf(kind: EventSourceKind): JudgeContext {
  return {
    source: { id: "source", kind, addressSpaceId: "space", lifetimeMs: 3_600_000 },
    rules: switchesOf(
      [],
      EVENT_RULES.map(({ id }) => id),
    ),
    site: {
      isInfrastructure: () => false,
      isController: (name) => /^rootdc[12](\.|$)/i.test(name),
      addressesOf: (): readonly IpAddress[] => (SEAT === null ? [] : [SEAT]),
      hasDevice: () => false,
      principalOf: () => null,
    },
    receivedAt: Date.UTC(2026, 0, 1),
    clockOffsetMs: 0,
  };
}

function countsOf(events: readonly WindowsEvent[], kind: EventSourceKind): Record<string, number> {
  const counts = new Map<string, number>();
  const context = contextOf(kind);
  for (const event of events) {
    const judgement = judge(event, context);
    const what =
      judgement.kind === "none"
        ? `${judgement.rule ?? "no rule"}: ${judgement.reason}`
        : `${judgement.rule}: ${judgement.observations.map((one) => `${one.kind} ${one.verb} ${one.class}`).join(", ")}`;
    counts.set(what, (counts.get(what) ?? 0) + 1);
  }
  return Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
}

describe.skipIf(!isHere)("real records of Windows", () => {
  const files = isHere ? filesOf(FOLDER) : [];

  it("are judged as they always were, by every kind of source", async () => {
    const events = files.flatMap(eventsOf);
    const told = {
      files: files.length,
      records: events.length,
      ...Object.fromEntries(KINDS.map((kind) => [kind, countsOf(events, kind)])),
    };
    await expect(`${JSON.stringify(told, null, 2)}\n`).toMatchFileSnapshot(
      "fixtures/real-records.golden.json",
    );
  });

  it("never make a user of an account of Windows, of a product or of a computer", () => {
    for (const event of files.flatMap(eventsOf))
      for (const kind of KINDS) {
        const judgement = judge(event, contextOf(kind));
        if (judgement.kind === "none") continue;
        for (const { kind: what, principal } of judgement.observations) {
          if (what === "device") continue;
          expect(principal?.name).not.toMatch(
            /\$$|^(ANONYMOUS|SYSTEM|LOCAL|NETWORK|DWM-|UMFD-|krbtgt|HealthMailbox)/i,
          );
          expect(principal?.sid ?? "S-1-5-21-").toMatch(/^S-1-5-21-/);
        }
      }
  });

  it("say the same when they are read as a server sends them", () => {
    const reader = createEventReader();
    const context = contextOf("event-collector");
    for (const file of files) {
      for (const one of readEvtx(inMemory(readFileSync(file)))) {
        if (one.kind !== "record") continue;
        const sent = reader.read(one.even6());
        expect(sent.kind).toBe("event");
        if (sent.kind === "event") expect(judge(sent.event, context)).toEqual(judge(one.event, context));
      }
    }
  });
});
