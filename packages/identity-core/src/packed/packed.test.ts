import { fuzzRuns, fuzzSeed } from "@rollcall/testkit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Entry, EntryDevice, EntryUser } from "../entry.ts";
import { formatIp, type IpAddress } from "../ip-address.ts";
import type { Claim, End, KeyState, KindState } from "../key-state.ts";
import type {
  DeviceAttributes,
  EvidenceClass,
  PrincipalFacts,
  PrincipalName,
  SourceFamily,
} from "../observation.ts";

import { ByteReader } from "./byte-reader.ts";
import { DueHeap } from "./due-heap.ts";
import { HashChains } from "./hash-chains.ts";
import { packEntry, unpackEntry } from "./pack-entry.ts";
import { packFacts, unpackFacts } from "./pack-facts.ts";
import { packState, unpackState } from "./pack-state.ts";
import { PackedMemory } from "./packed-memory.ts";
import { PlaceIndex } from "./place-index.ts";
import { RevisionLog } from "./revision-log.ts";
import { Slab } from "./slab.ts";
import { Vocabulary } from "./vocabulary.ts";

/** Every field of a shape must be named: one that is added to the shape and not here does not compile. */
type Fields<T> = { readonly [Field in keyof Required<T>]: fc.Arbitrary<T[Field]> };

/** An object of which some fields may be absent, as they are where nothing is known. */
function shape<T>(fields: Fields<T>, required: readonly (keyof T)[]): fc.Arbitrary<T> {
  return fc.record(fields as Record<string, fc.Arbitrary<unknown>>, {
    requiredKeys: [...required] as string[],
  }) as unknown as fc.Arbitrary<T>;
}

const seed = fuzzSeed();
const params = (full: number) => ({ numRuns: fuzzRuns(full), seed });

const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 40 }),
  // Halves of characters too: a source may write anything.
  fc.array(fc.nat(0xffff), { maxLength: 20 }).map((units) => String.fromCharCode(...units)),
  fc.constantFrom("", "corp.example", "CORP", "x".repeat(5000), "Ünïcödé 🦊", "a\u0000b", "日本語"),
);
const sid = fc
  .tuple(
    fc.constantFrom("S", "s"),
    fc.nat(),
    fc.constantFrom("0", "01", "500", "4294967295", "4294967296", "-1"),
  )
  .map(([letter, part, last]) => `${letter}-1-5-21-${part}-2-3-${last}`);
const recordId = fc.oneof(
  fc
    .uint8Array({ minLength: 16, maxLength: 16 })
    .map((bytes) => `syslog:${Buffer.from(bytes).toString("base64url")}`),
  fc.constantFrom(
    "syslog:AAAAAAAAAAAAAAAAAAAAA_",
    "syslog:AAAAAAAAAAAAAAAAAAAAAA",
    "a:",
    ":",
    "#0",
    "a#0",
    "a#00",
    "a#10",
  ),
  text,
);
const identity = fc.oneof(sid, recordId, text);
const time = fc.oneof(
  fc.integer({ min: Date.UTC(2020), max: Date.UTC(2040) }),
  fc.nat(),
  fc.constantFrom(0, -1, 0.5, Number.MAX_SAFE_INTEGER, Number.POSITIVE_INFINITY),
);
const groups = fc.oneof(
  fc.array(
    fc.oneof(
      fc.nat(9999).map((one) => `GG-${one}`),
      text,
    ),
    { maxLength: 20 },
  ),
  fc.constant(Array.from({ length: 1000 }, (_, at) => `group-${at}`)),
);
const ip: fc.Arbitrary<IpAddress> = fc.oneof(
  fc.nat(0xffff_ffff).map((value) => formatIp({ family: 4, value })),
  fc
    .bigInt({ min: 0n, max: (1n << 128n) - 1n })
    .filter((value) => value >> 32n !== 0xffffn)
    .map((value) => formatIp({ family: 6, value })),
);
const classes = fc.constantFrom<EvidenceClass>("A", "B", "C", "D");
const families = fc.constantFrom<SourceFamily>(
  "syslog",
  "radius",
  "event-log",
  "probe",
  "srx-push",
  "dhcp",
  "cloud",
);
const principal = shape<PrincipalName>({ sid: identity, name: text, domain: text, upn: text }, []);
/** Mostly a UPN begins with the name. */
const withUsualUpn = <T extends { readonly name: string }>(one: T, upn: string): T =>
  "upn" in one && upn !== "" ? { ...one, upn: `${one.name}${upn}` } : one;
const suffix = fc.constantFrom("", "@", "@corp.example", "@other@x", "x@corp.example");
const orNull = <T>(one: fc.Arbitrary<T>) => fc.option(one, { nil: null });

const claim: fc.Arbitrary<Claim> = fc
  .record({ recordId, ordinal: fc.option(fc.nat(12)), other: text })
  .chain(({ recordId: record, ordinal, other }) =>
    shape<Claim>(
      {
        id: fc.constant(ordinal === null ? other : `${record}#${ordinal}`),
        at: time,
        seenAt: time,
        firstAt: time,
        lifetimeMs: time,
        class: classes,
        family: families,
        sourceId: text,
        recordId: fc.constant(record),
        principal,
        correlator: orNull(text),
        rule: text,
        sourceLabel: text,
      },
      [
        "id",
        "at",
        "seenAt",
        "firstAt",
        "lifetimeMs",
        "class",
        "family",
        "sourceId",
        "recordId",
        "principal",
        "correlator",
        "rule",
      ],
    ),
  );
const end: fc.Arbitrary<End> = shape<End>(
  {
    id: fc.oneof(
      recordId,
      recordId.map((one) => `${one}#1`),
    ),
    at: time,
    sourceId: text,
    family: families,
    principal: orNull(principal),
    correlator: orNull(text),
    scope: fc.record({
      principal: fc.constantFrom("named" as const, "any" as const),
      family: fc.constantFrom("same" as const, "any" as const),
    }),
    rule: text,
  },
  ["id", "at", "sourceId", "family", "principal", "correlator", "scope", "rule"],
);
const kind: fc.Arbitrary<KindState> = shape<KindState>(
  {
    claims: fc.array(claim, { maxLength: 6 }),
    ends: fc.array(end, { maxLength: 4 }),
    floor: time,
    endFloor: time,
  },
  ["claims", "ends", "floor", "endFloor"],
);
const state: fc.Arbitrary<KeyState> = shape<KeyState>(
  { addressSpaceId: fc.constant("space"), ip, user: kind, device: kind },
  ["addressSpaceId", "ip", "user", "device"],
);
const user: fc.Arbitrary<EntryUser> = shape<EntryUser>(
  {
    principalKey: identity,
    domain: text,
    netbiosDomain: text,
    name: text,
    upn: text,
    displayName: text,
    groups,
    since: time,
    lastSeenAt: time,
    expiresAt: time,
    class: classes,
    sourceId: text,
    sourceLabel: text,
    rule: text,
    observationId: fc.oneof(
      recordId,
      recordId.map((one) => `${one}#3`),
    ),
  },
  [
    "principalKey",
    "domain",
    "name",
    "groups",
    "since",
    "lastSeenAt",
    "expiresAt",
    "class",
    "sourceId",
    "sourceLabel",
    "rule",
    "observationId",
  ],
);
const device: fc.Arbitrary<EntryDevice> = shape<EntryDevice>(
  {
    principalKey: identity,
    domain: text,
    netbiosDomain: text,
    name: text,
    groups,
    since: time,
    expiresAt: time,
    os: text,
    osVersion: text,
    category: text,
    vendor: text,
    model: text,
    sourceId: text,
  },
  ["principalKey", "domain", "name", "groups", "since", "expiresAt"],
);
const entry: fc.Arbitrary<Entry> = shape<Entry>(
  {
    addressSpaceId: fc.constant("space"),
    ip,
    revision: fc.nat(),
    changedAt: time,
    user: orNull(fc.tuple(user, suffix).map(([one, upn]) => withUsualUpn(one, upn))),
    device: orNull(device),
    unknownBecause: fc.constantFrom(
      "ended" as const,
      "expired" as const,
      "contested" as const,
      "disabled" as const,
      "suppressed" as const,
      "source-dark" as const,
      "never-seen" as const,
    ),
    lastUser: fc.record({ domain: text, name: text }),
    domainsSeen: fc.array(text, { maxLength: 8 }),
  },
  ["addressSpaceId", "ip", "revision", "changedAt", "user", "device", "domainsSeen"],
);
const facts: fc.Arbitrary<PrincipalFacts> = shape<PrincipalFacts>(
  {
    key: identity,
    kind: fc.constantFrom("user" as const, "device" as const),
    directoryId: text,
    asOf: time,
    aliases: fc.array(text, { maxLength: 6 }),
    domain: text,
    netbiosDomain: text,
    name: text,
    upn: text,
    displayName: text,
    groups,
    device: shape<DeviceAttributes>(
      { os: text, osVersion: text, category: text, vendor: text, model: text },
      [],
    ),
    hostMarkId: text,
    enabled: fc.boolean(),
  },
  ["key", "kind", "directoryId", "asOf", "aliases", "domain", "name", "groups", "enabled"],
)
  .chain((plainly) => suffix.map((upn) => withUsualUpn(plainly, upn)))
  .chain((one) => {
    // Most spellings follow from the names, as a directory makes them.
    const usual = [
      one.key.toLowerCase(),
      `${one.domain.toLowerCase()}\\${one.name.toLowerCase()}`,
      `${(one.netbiosDomain ?? "").toLowerCase()}\\${one.name.toLowerCase()}`,
      `${one.name.toLowerCase()}@${one.domain.toLowerCase()}`,
      (one.upn ?? "").toLowerCase(),
      one.name.toLowerCase(),
    ];
    return fc.subarray(usual).map((some) => ({ ...one, aliases: [...some, ...one.aliases] }));
  });

function throughSlab<T>(memory: PackedMemory, pack: () => void, unpack: (reader: ByteReader) => T): T {
  memory.writer.begin();
  pack();
  const handle = memory.slab.put(memory.writer.bytes, memory.writer.length);
  const reader = memory.open(handle);
  const unpacked = unpack(reader);
  expect(reader.isAtEnd).toBe(true);
  return unpacked;
}

/** What `JSON` makes of it: minus nought is nought, and what is absent is absent. */
const plain = <T>(one: T): T => structuredClone(one);

describe(`packed records (seed ${seed})`, () => {
  it("come back as they were: what is kept of an address", () => {
    const memory = new PackedMemory();
    fc.assert(
      fc.property(state, (one) => {
        const back = throughSlab(
          memory,
          () => packState(one, memory.writer),
          (reader) => unpackState(one.addressSpaceId, one.ip, reader),
        );
        expect(back).toEqual(plain(one));
      }),
      params(4_000),
    );
  });

  it("come back as they were: entries, with words and groups that no longer find a place in the vocabulary, too", () => {
    const small = new PackedMemory(new Vocabulary({ words: 8, groups: 8 }));
    const memory = new PackedMemory();
    fc.assert(
      fc.property(entry, fc.boolean(), (one, isSmall) => {
        const used = isSmall ? small : memory;
        const back = throughSlab(
          used,
          () => packEntry(one, used.writer),
          (reader) => unpackEntry(one, reader),
        );
        expect(back).toEqual(plain(one));
      }),
      params(4_000),
    );
  });

  it("come back as they were: directory facts", () => {
    const memory = new PackedMemory();
    fc.assert(
      fc.property(facts, (one) => {
        const back = throughSlab(memory, () => packFacts(one, memory.writer), unpackFacts);
        expect(back).toEqual(plain(one));
      }),
      params(4_000),
    );
  });

  it("that are cut off or damaged are refused or read as something else, and never read beyond their end", () => {
    const memory = new PackedMemory();
    fc.assert(
      fc.property(entry, fc.nat(), fc.nat(255), (one, where, byte) => {
        packEntry(one, memory.writer.begin());
        const bytes = memory.writer.bytes.slice(0, memory.writer.length);
        const at = where % bytes.length;
        bytes[at] = byte;
        const reader = new ByteReader(memory.vocabulary);
        try {
          unpackEntry(one, reader.open(bytes, 0, where % 2 === 0 ? bytes.length : at));
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
        expect(reader.at).toBeLessThanOrEqual(bytes.length + 2);
      }),
      params(20_000),
    );
  });
});

describe(`the indexes under packed tables (seed ${seed})`, () => {
  it("a slab gives back every record as it was put, through any sequence of puts, replacements and drops", () => {
    const step = fc.record({
      at: fc.nat(30),
      length: fc.oneof(fc.nat(300), fc.nat(20_000)),
      drops: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const slab = new Slab();
        const reader = new ByteReader(new Vocabulary());
        const held = new Map<number, { handle: number; bytes: Uint8Array }>();
        for (const [index, { at, length, drops }] of steps.entries()) {
          const before = held.get(at);
          if (drops) {
            slab.drop(before?.handle ?? 0);
            held.delete(at);
            continue;
          }
          const bytes = new Uint8Array(length).fill(index + 1);
          held.set(at, { handle: slab.replace(before?.handle ?? 0, bytes, length), bytes });
        }
        for (const { handle, bytes } of held.values()) {
          slab.open(handle, reader);
          expect(Buffer.compare(reader.bytes.subarray(reader.at, reader.end), bytes)).toBe(0);
          expect(slab.holds(handle, bytes, bytes.length)).toBe(true);
        }
      }),
      params(2_000),
    );
  });

  it("hash chains find exactly the rows of a hash, however many came and went, and however alike hashes are", () => {
    const step = fc.record({
      row: fc.nat(400),
      hash: fc.oneof(fc.nat(7), fc.nat(0xffff_ffff)),
      drops: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 600 }), fc.nat(600), (steps, reserved) => {
        const chains = new HashChains();
        chains.reserve(reserved);
        const held = new Map<number, number>();
        for (const { row, hash, drops } of steps) {
          if (held.has(row)) {
            if (!drops) continue;
            chains.remove(row);
            held.delete(row);
          } else {
            chains.add(row, hash);
            held.set(row, hash);
          }
        }
        for (const hash of new Set(steps.map((one) => one.hash))) {
          const found: number[] = [];
          for (let row = chains.first(hash); row >= 0; row = chains.after(row)) found.push(row);
          const wanted = [...held].flatMap(([row, of]) => (of === hash ? [row] : []));
          expect(found.sort((a, b) => a - b)).toEqual(wanted.sort((a, b) => a - b));
        }
      }),
      params(2_000),
    );
  });

  it("a heap gives rows when they are due, soonest first, by the time noted last", () => {
    const step = fc.record({ row: fc.nat(40), at: orNull(fc.nat(100)), take: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const heap = new DueHeap();
        const due = new Map<number, number>();
        for (const { row, at, take } of steps) {
          if (take) {
            const now = at ?? 0;
            const taken = heap.take(now);
            const wanted = [...due].filter(([, when]) => when <= now);
            expect(new Set(taken)).toEqual(new Set(wanted.map(([one]) => one)));
            const times = taken.map((one) => due.get(one) ?? 0);
            expect(times).toEqual([...times].sort((a, b) => a - b));
            for (const one of taken) due.delete(one);
          } else {
            heap.schedule(row, at);
            if (at === null) due.delete(row);
            else due.set(row, at);
          }
          expect(heap.next).toBe(due.size === 0 ? null : Math.min(...due.values()));
          const soon = at ?? 50;
          const wanted = [...due].filter(([, when]) => when <= soon).map(([one]) => one);
          expect([...heap.dueBy(soon)].sort()).toEqual(wanted.sort());
        }
      }),
      params(2_000),
    );
  });

  it("a place index tells spaces and addresses apart, old and new, and hands a row to one place at a time", () => {
    const place = fc.record({
      space: fc.constantFrom("a", "b", "c"),
      ip: fc.oneof(
        ip,
        fc.constantFrom(
          ...[0, 1, 2].map((value) => formatIp({ family: 4, value })),
          formatIp({ family: 6, value: 1n }),
        ),
      ),
      drops: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(place, { maxLength: 60 }), (steps) => {
        const places = new PlaceIndex();
        const rows = new Map<string, number>();
        for (const { space, ip: address, drops } of steps) {
          const name = `${space}|${address}`;
          const known = rows.get(name);
          if (known !== undefined && drops) {
            places.remove(known);
            rows.delete(name);
          } else rows.set(name, places.add(space, address));
        }
        expect(new Set(rows.values()).size).toBe(rows.size);
        for (const { space, ip: address } of steps) {
          const row = rows.get(`${space}|${address}`) ?? -1;
          expect(places.find(space, address)).toBe(row);
          if (row >= 0) expect([places.spaceOf(row), places.ipOf(row)]).toEqual([space, address]);
          const all = ["a", "b", "c"].flatMap((one) => rows.get(`${one}|${address}`) ?? []);
          expect(places.rowsOf(address).sort()).toEqual(all.sort());
        }
      }),
      params(2_000),
    );
  });

  it("a revision log lists rows in order, and its stamp tells every taking out of a range", () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(700), { minLength: 1, maxLength: 3000 }),
        fc.nat(3000),
        fc.nat(3000),
        (changes, from, length) => {
          const log = new RevisionLog();
          const at = new Map<number, number>();
          let stamp = -1;
          let isTouched = false;
          for (const [index, row] of changes.entries()) {
            const revision = Math.floor(index / 2) + 1;
            const before = at.get(row);
            // The range is watched from when it is complete.
            if (revision === from + length + 1 && stamp < 0) stamp = log.stampOf(from, from + length);
            if (before === revision) continue;
            if (before !== undefined) {
              log.remove(row, before);
              if (stamp >= 0 && before > from && before <= from + length) isTouched = true;
            }
            log.add(row, revision);
            at.set(row, revision);
          }
          if (stamp >= 0 && isTouched) expect(log.stampOf(from, from + length)).not.toBe(stamp);
          const wanted = [...at].filter(([, revision]) => revision > from).sort((a, b) => a[1] - b[1]);
          const listed = [...log.after(from)];
          expect(listed.map((row) => at.get(row))).toEqual(wanted.map(([, revision]) => revision));
          expect(new Set(listed).size).toBe(wanted.length);
        },
      ),
      params(1_000),
    );
  });
});
