import { readFileSync } from "node:fs";
import path from "node:path";
import { readPost } from "@rollcall/webapi-server/read-post";
import { checkWithXmllint, hasXmllint } from "@rollcall/webapi-server/xmllint";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bodyOf, halvesOf, MAX_POST_ENTRIES, planPosts } from "./plan-posts.ts";
import { changeOf, nobodyAt, type PushChange } from "./push-change.ts";
import { aDevice, anEntry, aUser } from "./testing/builders.ts";

const AT = Date.parse("2025-10-09T08:53:20Z");
const source = "Rollcall";

/** One file a case, one element a line, for a person to read; posts themselves are one line. */
const goldens: Record<string, readonly PushChange[]> = {
  "logon-and-logoff": [
    changeOf(
      anEntry({
        ip: "192.0.2.50",
        changedAt: AT,
        user: aUser({ name: "alice", domain: "corp.example", groups: ["engineering", "vpn-users"] }),
        device: aDevice({
          name: "desk-7",
          groups: ["workstations"],
          category: "pc",
          vendor: "example",
          model: "d-100",
          os: "windows 11",
          osVersion: "10.0 (26100)",
        }),
      }),
      0,
    ),
    changeOf(anEntry({ ip: "192.0.2.60", changedAt: AT + 1999 }), 0),
  ],
  "names-that-need-care": [
    changeOf(
      anEntry({
        ip: "2001:db8::7",
        changedAt: AT,
        user: aUser({
          name: `O'Neil <"&> \u202eüñ\u0007${"x".repeat(80)}`,
          domain: "CORP",
          groups: ["R&D", "r&d", "", "Łódź <all>"],
        }),
      }),
      0,
    ),
  ],
  "nobody-where-a-device-stands-alone": [
    changeOf(anEntry({ ip: "192.0.2.75", changedAt: AT, device: aDevice({ name: "kiosk-3" }) }), 0),
    changeOf(
      anEntry({ ip: "192.0.2.76", changedAt: AT, user: aUser({ name: "bob", domain: "", groups: [] }) }),
      0,
    ),
  ],
};

describe("posts to a firewall's Web API", () => {
  it.each(Object.entries(goldens))("are written as in goldens/%s.xml", (name, changes) => {
    const { posts } = planPosts(changes, { source });
    const bodies = posts.map(bodyOf);
    expect(bodies).toHaveLength(1);
    const shown = (bodies[0] ?? "").replaceAll(/></g, ">\n<");
    const file = path.join(import.meta.dirname, "goldens", `${name}.xml`);
    expect(shown).toBe(readFileSync(file, "utf8").trimEnd());
    expect(readPost(bodies[0] ?? "")).toMatchObject({ kind: "entries" });
    if (hasXmllint()) expect(checkWithXmllint(bodies[0] ?? "")).toBeNull();
  });

  it("tell of one address only the newest change, and never twice in one plan", () => {
    const of = (name: string, at: number) => changeOf(anEntry({ changedAt: at, user: aUser({ name }) }), 0);
    const { posts } = planPosts([of("ana", AT), nobodyAt("192.0.2.9", AT), of("ben", AT + 1)], { source });
    expect(posts[0]?.entries.map(({ ip, kind }) => [ip, kind])).toEqual([
      ["192.0.2.9", "logoff"],
      ["10.0.0.1", "logon"],
    ]);
    expect(posts[0] && bodyOf(posts[0])).not.toContain("ana");
  });

  it("say no time of an address that lies before one that was said", () => {
    const early = changeOf(anEntry({ changedAt: AT - 86_400_000, user: aUser({}) }), AT);
    expect(early.at).toBe(AT);
  });

  it("pass no limit, lose nothing, and are read back by a strict reader as what was meant, whatever the names", () => {
    const anyText = fc.oneof(fc.string({ unit: "binary", maxLength: 100 }), fc.string({ maxLength: 100 }));
    const change = fc.record({
      ip: fc.nat(2000).map((n) => `10.1.${n >> 8}.${n & 255}`),
      name: anyText,
      domain: anyText,
      groups: fc.array(anyText, { maxLength: 5 }),
      isHere: fc.boolean(),
      device: fc.option(
        fc.record({ name: anyText, os: anyText, groups: fc.array(anyText, { maxLength: 3 }) }),
      ),
    });
    fc.assert(
      fc.property(
        fc.array(change, { maxLength: 500 }),
        fc.integer({ min: 2000, max: 20_000 }),
        (sketches, maxBytes) => {
          const changes = sketches.map(({ ip, name, domain, groups, isHere, device }) =>
            changeOf(
              anEntry({
                ip,
                changedAt: AT,
                user: isHere ? aUser({ name, domain, groups }) : null,
                device: device === null ? null : aDevice(device),
              }),
              0,
            ),
          );
          const { posts } = planPosts(changes, { source, maxBytes });
          const told = new Map<string, string | null>();
          for (const post of posts) {
            const body = bodyOf(post);
            expect(post.entries.length).toBeLessThanOrEqual(MAX_POST_ENTRIES);
            if (post.entries.length > 1) expect(Buffer.byteLength(body)).toBeLessThanOrEqual(maxBytes);
            const reading = readPost(body);
            if (reading.kind === "malformed") throw new Error(reading.problem);
            for (const entry of reading.entries) {
              expect(told.has(entry.ip)).toBe(false);
              told.set(entry.ip, entry.user);
            }
          }
          const wanted = new Map(sketches.map((sketch) => [sketch.ip, sketch]));
          expect(new Set(told.keys())).toEqual(new Set(wanted.keys()));
          for (const [ip, { isHere, name }] of wanted)
            if (!isHere) expect(told.get(ip)).toBeNull();
            else if (/^[\x20-\x7e]{1,64}$/.test(name)) expect(told.get(ip)).toBe(name);
        },
      ),
      { numRuns: 200 },
    );
  });

  it("hold 200 roles at most, the first ones", () => {
    const groups = Array.from({ length: 300 }, (_, n) => `role-${n}`);
    const { posts, changedToFit } = planPosts([changeOf(anEntry({ user: aUser({ groups }) }), AT)], {
      source,
    });
    const body = posts[0] ? bodyOf(posts[0]) : "";
    expect(body.match(/<role>/g)).toHaveLength(200);
    expect(body).toContain("role-199<");
    expect(changedToFit).toBe(1);
  });

  it("can be halved down to one entry without losing any", () => {
    const { posts } = planPosts(
      Array.from({ length: 7 }, (_, n) => nobodyAt(`10.0.0.${n}`, AT)),
      { source },
    );
    const [first, second] = halvesOf(posts[0] ?? { entries: [] });
    expect([first.entries.length, second.entries.length]).toEqual([4, 3]);
    expect([...first.entries, ...second.entries]).toEqual(posts[0]?.entries);
  });
});
