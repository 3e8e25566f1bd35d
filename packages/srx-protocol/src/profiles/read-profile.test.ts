import { describe, expect, test } from "vitest";
import { anEntry, anEntryUser, bobLeft, kioskAlone } from "../testing/index.ts";
import { BUILT_IN_PROFILES, builtInProfile } from "./built-in-profiles.ts";
import { describeProfile } from "./describe-profile.ts";
import { previewProfile } from "./preview-profile.ts";
import { readProfile, readProfileText } from "./read-profile.ts";

const LEAST = {
  body: {
    kind: "json",
    listKey: "rows",
    fields: [
      { of: "ip", as: ["addr"] },
      { of: "user", as: ["who"] },
      { of: "operation", as: ["op"] },
    ],
  },
};

function least(body: Record<string, unknown> = {}, rest: Record<string, unknown> = {}): unknown {
  return { ...LEAST, ...rest, body: { ...LEAST.body, ...body } };
}

function profileOf(document: unknown) {
  const reading = readProfile(document);
  if (reading.kind === "refused") throw new Error(JSON.stringify(reading.faults));
  return reading.profile;
}

function faultsOf(document: unknown): string[] {
  const reading = readProfile(document);
  return reading.kind === "refused" ? reading.faults.map(({ path, sentence }) => `${path}: ${sentence}`) : [];
}

describe("a profile that somebody wrote", () => {
  test("may leave out all that has a default", () => {
    const profile = profileOf(LEAST);
    expect(profile.encodeBatch([anEntry({ user: anEntryUser() }), bobLeft], "c").body).toBe(
      '{"cookie":"c","rows":[{"addr":"192.0.2.50","who":"alice","op":"logon"},{"addr":"192.0.2.60","who":"bob","op":"logoff"}]}',
    );
    expect(profile.encodeIp(null).body).toBe('{"rows":[]}');
  });

  test("gets an id that changes with its content and its name, not with the order of its members", () => {
    const ids = [
      readProfile(LEAST, { key: "k", name: "A" }),
      readProfile(
        { body: { fields: LEAST.body.fields, listKey: "rows", kind: "json" } },
        { key: "k", name: "A" },
      ),
      readProfile(least({ listKey: "other" }), { key: "k", name: "A" }),
      readProfile(LEAST, { key: "k", name: "B" }),
    ].map((reading) => (reading.kind === "profile" ? reading.profile.id : ""));
    expect(ids[0]).toMatch(/^k@[0-9a-f]{16}$/);
    expect(ids[1]).toBe(ids[0]);
    expect(new Set(ids).size).toBe(3);
  });

  test.each([
    ["no object", 7, ": Must be an object."],
    ["no body", {}, "body: Is missing."],
    ["a misspelt member", least({ listkey: "x" }), "body.listkey: Nobody knows this name."],
    ["a prototype's name as a member", JSON.parse('{"__proto__":{}}'), "__proto__: Nobody knows this name."],
    [
      "a prototype's name to be written",
      least({ fields: [...LEAST.body.fields, { of: "source", as: ["__proto__/x"] }] }),
      "body.fields[3].as[0]: Is not allowed as a name.",
    ],
    [
      "no address",
      least({
        fields: [
          { of: "user", as: ["u"] },
          { of: "online", as: ["o"] },
          { of: "time", as: ["t"] },
        ],
      }),
      "body.fields: Has no field of `ip`: a firewall could not use the entries.",
    ],
    [
      "nothing that tells a logoff",
      least({
        fields: [
          { of: "user", as: ["u"] },
          { of: "ip", as: ["i"] },
          { of: "time", as: ["t"] },
        ],
      }),
      "body.fields: Nothing tells a logoff from a logon: add a field of `operation` or `online`.",
    ],
    [
      "one word for both",
      least({ words: { logon: "x", logoff: "x" } }),
      "body.fields[2].words: Logon and logoff are the same word.",
    ],
    [
      "no place for the cookie",
      least({ listKey: null }),
      "batch.cookieOut: A document that is only a list has no place for the cookie: leave `body` out, or name `body.listKey`.",
    ],
    [
      "no cookie at all",
      least({}, { batch: { cookieOut: [] } }),
      "batch.cookieOut: Must have 1 to 3 items, has 0.",
    ],
    [
      "a header of HTTP itself",
      least({}, { batch: { cookieOut: ["header"], cookieHeader: "Content-Length" } }),
      "batch.cookieHeader: Is a header that means something else.",
    ],
    [
      "a header that ends the line",
      least({ contentType: "text/xml\r\nX: y" }),
      "body.contentType: Must be a media type such as `application/json`.",
    ],
    [
      "a name twice",
      least({ fields: [...LEAST.body.fields, { of: "source", as: ["who"] }] }),
      "body.fields[3].as[0]: `who` stands at body.fields[1].as[0] too.",
    ],
    [
      "a value that is a parent",
      least({ fields: [...LEAST.body.fields, { of: "source", as: ["who/source"] }] }),
      "body.fields[3].as[0]: `who` is a value at body.fields[1].as[0].",
    ],
    [
      "credentials in the address",
      least({}, { token: { accept: ["query"] } }),
      "token.accept[0]: Must be one of: form, json, basic.",
    ],
    [
      "XML without a root",
      least({ kind: "xml", listKey: null }),
      "body.listKey: XML needs a root element: name it.",
    ],
    [
      "a number out of bounds",
      least({}, { limits: { roles: 0 } }),
      "limits.roles: Must be a whole number from 1 to 1000.",
    ],
  ])("with %s is refused, and told where and why", (_, document, sentence) => {
    expect(faultsOf(document)).toContain(sentence);
  });

  test("that is rubbish gets twenty faults and a count, not one for every byte", () => {
    const many = Object.fromEntries(Array.from({ length: 50_000 }, (_, at) => [`x${at}`, 1]));
    const begun = performance.now();
    const faults = faultsOf(many);
    expect(performance.now() - begun).toBeLessThan(500);
    expect(faults).toHaveLength(21);
    expect(faults.at(-1)).toContain("more");
  });

  test("comes as JSON of a bounded length", () => {
    expect(readProfileText("{").kind).toBe("refused");
    expect(readProfileText(" ".repeat(70_000)).kind).toBe("refused");
    expect(readProfileText(JSON.stringify(LEAST)).kind).toBe("profile");
  });
});

describe("what a profile can choose", () => {
  test("a device alone: with an empty user, without one, or not at all", () => {
    const told = (deviceOnly: string) => profileOf(least({ deviceOnly })).encodeEntry(kioskAlone).text;
    expect(told("emptyUser")).toBe('{"addr":"192.0.2.75","who":"","op":"logon"}');
    expect(told("omitUser")).toBe('{"addr":"192.0.2.75","op":"logon"}');
    // Not told must mean that nobody is there: whoever sat there before would stay on the firewall otherwise.
    expect(told("skip")).toBe('{"addr":"192.0.2.75","who":"","op":"logoff"}');
    expect(profileOf(least({ deviceOnly: "skip" })).encodeIp(kioskAlone).body).toBe('{"rows":[]}');
  });

  test("an unknown address: an empty document, 404, or an entry without a user", () => {
    const asked = { ip: anEntry({ ip: "192.0.2.99" }).ip, at: 1_760_000_000_000 };
    const answer = (unknownIp: string) =>
      profileOf(least({}, { unknownIp })).encodeIp(null, undefined, asked);
    expect(answer("empty200")).toMatchObject({ status: 200, body: '{"rows":[]}' });
    expect(answer("notFound404")).toMatchObject({ status: 404, reason: "Not Found", body: '{"rows":[]}' });
    expect(answer("nullUser200").body).toBe('{"rows":[{"addr":"192.0.2.99","who":"","op":"logon"}]}');
  });

  test("where the cookie stands", () => {
    const frame = (batch: unknown, body = {}) => profileOf(least(body, { batch })).frameBatch("C", 0);
    expect(frame({ cookieOut: ["header"], cookieHeader: "X-Report" }).headers).toEqual([["X-Report", "C"]]);
    expect(frame({ cookieOut: ["header"] }).before).toBe('{"rows":[');
    expect(frame({ cookieOut: ["setCookie"], cookieName: "sid", cookiePath: "/q" }).headers).toEqual([
      ["Set-Cookie", "sid=C; Path=/q"],
    ]);
    expect(frame({ cookieOut: ["body"], cookieBodyKey: "next" }).before).toBe('{"next":"C","rows":[');
    expect(frame({ cookieOut: ["setCookie"] }, { listKey: null }).before).toBe("[");
  });

  test("the word for a changed entry, once its session is older than a minute", () => {
    const profile = profileOf(least({ roleChange: "update", words: { update: "modify" } }));
    const user = anEntryUser();
    expect(profile.encodeEntry(anEntry({ user, changedAt: user.since + 1000 })).text).toContain(
      '"op":"logon"',
    );
    expect(profile.encodeEntry(anEntry({ user, changedAt: user.since + 90_000 })).text).toContain(
      '"op":"modify"',
    );
  });

  test("how expires_in and lists are written", () => {
    expect(profileOf(least({}, { token: { expiresInAs: "string" } })).encodeToken("t", 300).body).toContain(
      '"expires_in":"300"',
    );
    const fields = [
      ...LEAST.body.fields,
      { of: "roles", as: ["groups"], separator: ";" },
      { of: "online", as: ["on"], asText: true },
    ];
    expect(profileOf(least({ fields })).encodeEntry(anEntry({ user: anEntryUser() })).text).toContain(
      '"groups":"engineering;vpn-users","on":"true"',
    );
  });

  test("how long names may be, and how many roles", () => {
    const fields = [...LEAST.body.fields, { of: "roles", as: ["groups"] }];
    const profile = profileOf(least({ fields }, { limits: { name: 8, roles: 1 } }));
    const { text, flags } = profile.encodeEntry(anEntry({ user: anEntryUser({ name: "a-long-name" }) }));
    expect(text).toContain('"who":"a-long-n"');
    expect(text).toContain('"groups":["engineer"]');
    expect(flags).toEqual(expect.arrayContaining(["truncated", "roles-capped"]));
  });

  test("XML with every text escaped by the writer", () => {
    const profile = profileOf(least({ kind: "xml", itemKey: "row" }));
    expect(profile.encodeEntry(anEntry({ user: anEntryUser({ name: `<&>"'` }) })).text).toBe(
      "<row><addr>192.0.2.50</addr><who>&lt;&amp;&gt;&quot;&apos;</who><op>logon</op></row>",
    );
  });
});

describe("the profiles that come with the product", () => {
  test.each(BUILT_IN_PROFILES)(
    "$id reads back as itself: it is a document like any other",
    ({ id, document }) => {
      const again = profileOf(JSON.parse(JSON.stringify(document)));
      const built = builtInProfile(id);
      expect(built).not.toBeNull();
      expect(again.document).toEqual(document);
      for (const entry of [kioskAlone, bobLeft, anEntry({ user: anEntryUser() })])
        expect(again.encodeEntry(entry).text).toBe(built?.encodeEntry(entry).text);
    },
  );

  test.each(BUILT_IN_PROFILES)("$id can be shown: every sample is one whole message", ({ id }) => {
    const profile = builtInProfile(id);
    if (profile === null) throw new Error(id);
    const samples = previewProfile(profile);
    expect(samples.length).toBeGreaterThan(7);
    for (const { request, response } of samples) {
      expect(request).toMatch(/^(?:GET|POST) \/\S+ HTTP\/1\.1\r\n[\s\S]*\r\n\r\n/);
      const [head = "", body = ""] = response.split("\r\n\r\n");
      expect(head).toContain(`Content-Length: ${Buffer.byteLength(body)}`);
    }
    expect(describeProfile(profile).join(" ")).toContain("cookie");
  });
});
