import type { EntryUser } from "@rollcall/identity-core";
import { fuzzRuns, fuzzSeed } from "@rollcall/testkit";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { anEntry, anEntryUser, kioskAlone } from "../testing/index.ts";
import { BUILT_IN_PROFILES } from "./built-in-profiles.ts";
import { previewProfile } from "./preview-profile.ts";
import { CANONICAL_FIELDS } from "./profile-document.ts";
import { readProfile } from "./read-profile.ts";

const seed = fuzzSeed();
const RUNS = fuzzRuns(100_000);

const name = fc.oneof(
  { weight: 12, arbitrary: fc.stringMatching(/^[a-z]{3,6}(?:\/[a-z]{3,6}){0,2}$/) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      "ip",
      "user",
      "a",
      "a/b",
      "a/b/c",
      "__proto__",
      "constructor/x",
      "xml-a",
      "",
      "<",
    ),
  },
  { weight: 1, arbitrary: fc.string({ maxLength: 12 }) },
);
const field = fc.record(
  {
    of: fc.constantFrom<string>(...CANONICAL_FIELDS, "other"),
    as: fc.array(name, { minLength: 1, maxLength: 2 }),
    on: fc.constantFrom("both", "both", "logon", "logoff", "never"),
    whenEmpty: fc.constantFrom("auto", "write", "omit"),
    value: fc.string({ maxLength: 5 }),
    separator: fc.constantFrom(null, null, ",", "long-one"),
    asText: fc.boolean(),
  },
  { requiredKeys: ["of", "as"] },
);
/** A document that is often nearly right: rubbish alone would only try the first check. */
const nearly = fc.record(
  {
    version: fc.constantFrom(1, 1, 1, 1, 1, 1, 1, 2),
    batch: fc.record(
      {
        cookieOut: fc.subarray(["body", "setCookie", "header"], { minLength: 1 }),
        cookieBodyKey: name,
        maxEntries: fc.integer({ min: -5, max: 1500 }),
      },
      { requiredKeys: [] },
    ),
    body: fc.record({
      kind: fc.constantFrom("json", "json", "xml", "xml", "yaml"),
      listKey: fc.oneof(fc.constant(null), fc.constantFrom("rows", "entries"), name),
      wrapSingle: fc.boolean(),
      deviceOnly: fc.constantFrom("emptyUser", "omitUser", "skip"),
      timeAs: fc.constantFrom("s", "ms", "iso", "sql"),
      fields: fc
        .array(field, { maxLength: 4 })
        .map((more) => [
          { of: "ip", as: ["ip-address"] },
          { of: "user", as: ["user-name"] },
          { of: "operation", as: ["operation"] },
          ...more,
        ]),
    }),
    unknownIp: fc.constantFrom("empty200", "notFound404", "nullUser200"),
  },
  { requiredKeys: ["body"] },
);
const hardText = fc.string({ unit: "binary", maxLength: 80 });
const hardUser = fc.record({
  name: hardText,
  domain: hardText,
  sourceLabel: hardText,
  groups: fc.array(hardText, { maxLength: 4 }),
}) as fc.Arbitrary<Partial<EntryUser>>;

describe(`whatever the document (seed ${seed})`, { timeout: 600_000 }, () => {
  test("it is read or refused with sentences, and what is read can be shown", () => {
    let read = 0;
    fc.assert(
      fc.property(
        fc.oneof({ weight: 4, arbitrary: nearly }, { weight: 1, arbitrary: fc.anything() }),
        (document) => {
          const reading = readProfile(document);
          if (reading.kind === "refused") {
            expect(reading.faults.length).toBeGreaterThan(0);
            expect(reading.faults.length).toBeLessThanOrEqual(21);
            for (const { sentence } of reading.faults) expect(sentence).toMatch(/^[A-Z`].*\.$/);
            return;
          }
          read += 1;
          const { profile } = reading;
          const { body, headers } = profile.encodeBatch([kioskAlone], "C");
          expect(`${body}${JSON.stringify(headers)}`).toContain("C");
          if (profile.document.body.kind === "json") JSON.parse(body);
          if (read % 50 === 0) expect(previewProfile(profile).length).toBeGreaterThan(5);
        },
      ),
      { seed, numRuns: RUNS },
    );
    // Every branch was reached: a generator that only makes rubbish would prove nothing.
    expect(read).toBeGreaterThan(RUNS / 100);
  });

  test("no name of a person, group or device can break out of an answer, in any profile", () => {
    const profiles = BUILT_IN_PROFILES.map(({ document }) => readProfile(document)).flatMap((reading) =>
      reading.kind === "profile" ? [reading.profile] : [],
    );
    fc.assert(
      fc.property(hardUser, (user) => {
        const entry = anEntry({ user: anEntryUser(user), device: kioskAlone.device });
        for (const profile of profiles) {
          const { text, bytes } = profile.encodeEntry(entry);
          expect(Buffer.byteLength(text)).toBe(bytes);
          if (profile.document.body.kind === "json") JSON.parse(text);
          else {
            // Each element that opens closes, and text holds no bare mark.
            expect(text.replaceAll(/<\/?[a-zA-Z-]+>/g, "")).not.toMatch(/[<>]|&(?!(?:amp|lt|gt|quot|apos);)/);
            expect(text.match(/<user>/g) ?? []).toHaveLength(1);
          }
          // biome-ignore lint/suspicious/noControlCharactersInRegex: that there are none is what is tested
          expect(text).not.toMatch(/[\u0000-\u001f\u007f]/);
        }
      }),
      { seed, numRuns: RUNS },
    );
  });
});
