import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  builtInProfile,
  type CursorCodec,
  compileProfile,
  createCursorCodec,
  decodeRequest,
  invalidToken,
  NO_FILTER,
  renderResponse,
  type SrxProfile,
  wrongClient,
} from "./index.ts";
import { aliceAtDesk, anEntry, bobLeft, kioskAlone } from "./testing/index.ts";

/** Each golden file is one message, byte for byte as on the wire. */
function golden(name: string): string {
  return readFileSync(new URL(`./goldens/${name}.http`, import.meta.url), "utf8");
}

function requestOf(name: string) {
  const text = golden(name);
  const headEnd = text.indexOf("\r\n\r\n");
  const [requestLine = "", ...headerLines] = text.slice(0, headEnd).split("\r\n");
  const [method = "", target = ""] = requestLine.split(" ");
  const [path = "", query = ""] = target.split("?");
  const headers = Object.fromEntries(
    headerLines.map((line) => [
      line.slice(0, line.indexOf(":")).toLowerCase(),
      line.slice(line.indexOf(":") + 2),
    ]),
  );
  return { method, path, query, headers, body: text.slice(headEnd + 4) };
}

/** Stands in for the real cookie, whose MAC a reader could not check by eye. */
const FIRST = "AQAAAGjnfgAAAAAAAAAB9A";
const NEXT = "AQAAAGjnfgAAAAAAAAAB9Q";
const injected: CursorCodec = {
  encode: ({ revision }) => (revision === 500 ? FIRST : NEXT),
  read: (text) =>
    text === FIRST
      ? { kind: "valid", position: { revision: 500, resendSince: null } }
      : { kind: "foreign", because: "malformed" },
  recognises: (text) => text === FIRST || text === NEXT,
};
const context = { issuer: "0123456789abcdef", incarnation: "fedcba9876543210", clientTag: 1, filterHash: 2 };
const cookieAt = (revision: number): string => injected.encode({ revision, resendSince: null }, context);

describe("the requests of the table", () => {
  test.each(["1-token-form.request", "1-token-json.request"])("%s is a token request", (name) => {
    expect(decodeRequest(requestOf(name), injected.recognises)).toEqual({
      kind: "token",
      clientId: "srx-a",
      clientSecret: "EXAMPLE",
      sentBy: name.includes("json") ? "json" : "form",
    });
  });

  test("2: the first batch begins at the start", () => {
    expect(decodeRequest(requestOf("2-first-batch.request"), injected.recognises)).toEqual({
      kind: "batch",
      position: { kind: "start" },
      limit: 200,
      filter: NO_FILTER,
      warnings: [],
      asked: { cookie: "none", begin: null },
    });
  });

  test("3: the next batch goes on from the cookie", () => {
    expect(decodeRequest(requestOf("3-next-batch.request"), injected.recognises)).toEqual({
      kind: "batch",
      position: { kind: "cookie", cookie: FIRST },
      limit: 200,
      filter: NO_FILTER,
      warnings: [],
      asked: { cookie: "parameter", begin: null },
    });
  });

  test("4: an address is asked for", () => {
    expect(decodeRequest(requestOf("4-ip-query.request"), injected.recognises)).toEqual({
      kind: "ip",
      ip: "192.0.2.50",
      refresh: false,
      filter: NO_FILTER,
      warnings: [],
    });
  });

  test("6: a user is pushed", () => {
    expect(decodeRequest(requestOf("6-user-query.request"), injected.recognises)).toEqual({
      kind: "user",
      ip: "192.0.2.90",
      user: "carol",
      domain: "corp.example",
      state: "portal",
    });
  });
});

/** A built-in document under the source of the table's examples. */
function profileOf(id: string): SrxProfile {
  const found = builtInProfile(id);
  if (found === null) throw new Error(`there is no built-in profile ${id}`);
  return compileProfile(found.document, { id, key: id, name: id, defaultSource: "JIMS-Active Directory" });
}
const profile = profileOf("json-superset");

describe("the answers of the table, byte for byte", () => {
  const answers = {
    "1a-token-granted.response": profile.encodeToken("11111111-2222-4333-8444-555555555555", 28_800),
    "1b-wrong-client.response": wrongClient,
    "2a-first-batch.response": profile.encodeBatch([aliceAtDesk, kioskAlone, bobLeft], cookieAt(500)),
    "3a-nothing-new.response": profile.encodeBatch([], cookieAt(500)),
    "3b-group-joined.response": profile.encodeBatch(
      [
        anEntry({
          ...aliceAtDesk,
          changedAt: 1_760_000_420_000,
          user: aliceAtDesk.user && { ...aliceAtDesk.user, groups: ["engineering", "vpn-users", "oncall"] },
        }),
      ],
      cookieAt(501),
    ),
    "4a-known-address.response": profile.encodeIp(aliceAtDesk),
    "5a-unknown-address.response": profile.encodeIp(null),
    "7a-token-expired.response": invalidToken,
  };

  test.each(Object.entries(answers))("%s", (name, answer) => {
    expect(renderResponse(answer)).toBe(golden(name));
  });

  test("an answer with a real cookie of 60 characters", () => {
    const codec = createCursorCodec({
      mac: (signed) => createHmac("sha256", "golden").update(signed).digest(),
    });
    const cookie = codec.encode({ revision: 500, resendSince: null }, context);
    expect(cookie).toHaveLength(60);
    expect(renderResponse(profile.encodeBatch([], cookie))).toBe(
      golden("3a-nothing-new-real-cookie.response"),
    );
  });
});
