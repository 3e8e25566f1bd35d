import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NodeStore } from "./node-store.ts";
import type { PrincipalRecord } from "./records.ts";
import { aGroup, aUser, sid } from "./testing/builders.ts";

/** Any sixteen bits one after the other: half a character by itself too, as a directory may hold it. */
const units = fc
  .array(fc.integer({ min: 2, max: 0xffff }), { minLength: 1, maxLength: 8 })
  .map((codes) => String.fromCharCode(...codes));
const letters = fc
  .string({ unit: "grapheme", minLength: 1, maxLength: 20 })
  .filter((one) => !one.includes("\0") && !one.includes("\u0001"));
const text = fc.oneof(letters, units);
const maybe = fc.option(text);
const hex = (length: number) => fc.stringMatching(new RegExp(`^[0-9a-f]{${length}}$`), { size: "max" });
const guid = fc.oneof(
  fc.tuple(hex(8), hex(4), hex(4), hex(4), hex(12)).map((parts) => parts.join("-")),
  text,
);
const record: fc.Arbitrary<PrincipalRecord> = fc
  .record({
    guid,
    rid: fc.nat(0xffff_ffff),
    kind: fc.constantFrom("user" as const, "device" as const),
    directoryId: text,
    domain: fc.constantFrom("corp.example", "other.example"),
    netbiosDomain: maybe,
    name: text,
    upn: fc.oneof(maybe, fc.constant("derived")),
    displayName: maybe,
    dnsHostName: fc.oneof(maybe, fc.constant("derived")),
    os: maybe,
    hasService: fc.boolean(),
    isForever: fc.boolean(),
    osVersion: maybe,
    rdn: fc.oneof(text, fc.constant("derived")),
    parent: fc.constantFrom("", ",OU=Staff\\, all,DC=corp", ",DC=corp,DC=example"),
    primaryGroupRid: fc.option(fc.nat(0xffff_fffe)),
    enabled: fc.boolean(),
  })
  .map(({ rid, os, osVersion, rdn, parent, upn, dnsHostName, hasService, isForever, ...rest }) => ({
    ...rest,
    ...(!hasService
      ? {}
      : rest.kind === "device"
        ? { hasRemoteDesktopName: true }
        : { hasServiceName: true }),
    ...(isForever ? { isPasswordForever: true } : {}),
    sid: sid(rid),
    upn: upn === "derived" ? `${rest.name}@${rest.domain}` : upn,
    dnsHostName: dnsHostName === "derived" ? `${rest.name}.${rest.domain}`.toLowerCase() : dnsHostName,
    ...(os === null ? {} : { os }),
    ...(osVersion === null ? {} : { osVersion }),
    dn: `${rdn === "derived" ? `CN=${rest.displayName ?? rest.name}` : rdn}${parent}`,
  }));

describe("NodeStore", () => {
  it.each([
    { kept: "in records", recordBytesMax: undefined },
    { kept: "half of them beside the records, being longer", recordBytesMax: 20 },
  ])(
    "gives back every record as it was written, whatever was under its number before; texts $kept",
    ({ recordBytesMax }) => {
      fc.assert(
        fc.property(fc.array(record, { minLength: 1, maxLength: 30 }), (records) => {
          const nodes = new NodeStore(recordBytesMax);
          const last = new Map<number, PrincipalRecord>();
          for (const one of records) {
            const id = nodes.numberOf(one.sid);
            const holder = nodes.findGuid(one.guid);
            if (holder >= 0) {
              nodes.clear(holder);
              last.delete(holder);
            }
            nodes.clear(id);
            nodes.writePrincipal(id, one);
            last.set(id, one);
          }
          for (const [id, one] of last) {
            expect(nodes.principal(id)).toEqual(one);
            expect([nodes.findSid(one.sid), nodes.findGuid(one.guid)]).toEqual([id, id]);
            expect(nodes.namesakes(one.name)).toContain(id);
          }
        }),
        { numRuns: 1000 },
      );
    },
  );

  it("takes the two characters that it needs itself out of what a directory wrote", () => {
    const nodes = new NodeStore();
    const id = nodes.numberOf(sid(1));
    nodes.writePrincipal(id, aUser(1, { name: "a\0b\u0001c", displayName: "\u0001", dn: "CN=\0,DC=x" }));
    expect(nodes.principal(id)).toMatchObject({ name: "a b c", displayName: " ", dn: "CN= ,DC=x" });
  });

  it("finds every SID by its own number: of groups, of odd forms, and of nobody that was asked for only", () => {
    const nodes = new NodeStore();
    const odd = [
      "S-1-5-18",
      "S-1-5-32-544",
      "S-1-5-21-1-2-3-99999999999",
      "nothing",
      "",
      "S-1-",
      "S-1-5-021",
    ];
    const ids = odd.map((one) => nodes.numberOf(one));
    expect(new Set(ids).size).toBe(odd.length);
    expect(ids.map((id) => nodes.sidOf(id))).toEqual(odd);
    expect(odd.map((one) => nodes.findSid(one))).toEqual(ids);
    expect([nodes.findSid("S-1-5-19"), nodes.findSid("S-9-9-9")]).toEqual([-1, -1]);
    nodes.writeGroup(ids[1] ?? 0, aGroup(1, { sid: "S-1-5-32-544" }));
    expect(nodes.group(ids[1] ?? 0)).toEqual(aGroup(1, { sid: "S-1-5-32-544" }));
  });
});
