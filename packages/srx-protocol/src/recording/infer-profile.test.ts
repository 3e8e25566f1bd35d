import { createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import { builtInProfiles, readProfile, renderResponse, type SrxProfile } from "../index.ts";
import { aliceAtDesk, anEntry, anEntryUser, bobLeft, kioskAlone } from "../testing/index.ts";
import { checkProfile } from "./check-profile.ts";
import { inferProfile } from "./infer-profile.ts";
import { Pseudonyms } from "./pseudonyms.ts";
import type { RecordedPair } from "./recorded-pair.ts";
import { type ReadMessage, redactExchange } from "./redact-exchange.ts";
import { createValueRules } from "./value-rules.ts";

const NOW = 1_760_000_000_000;

function message(text: string): ReadMessage {
  const end = text.indexOf("\r\n\r\n");
  const [startLine = "", ...lines] = text.slice(0, end).split("\r\n");
  const body = text.slice(end + 4);
  return {
    head: {
      startLine,
      headers: lines.map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)]),
    },
    framing: body === "" ? "none" : "length",
    body,
    bodyNote: null,
    bodyBytes: Buffer.byteLength(body),
    isWhole: true,
    trailers: [],
  };
}

/** Pairs as a recorder beside the two would have written them down. */
function record(exchanges: readonly (readonly [request: string, response: string])[]): RecordedPair[] {
  const names = new Pseudonyms({ mac: (text) => createHmac("sha256", "k").update(text).digest(), now: NOW });
  const rules = createValueRules(names);
  return exchanges.map(([request, response], index) =>
    redactExchange(
      {
        number: index + 1,
        connection: 1,
        atMs: index,
        tookMs: 1,
        request: message(request),
        response: message(response),
      },
      rules,
      names,
    ),
  );
}

const people = [
  aliceAtDesk,
  kioskAlone,
  bobLeft,
  anEntry({
    ip: "192.0.2.61",
    user: anEntryUser({ name: "o'neil", domain: "corp.example", groups: [], sourceLabel: "JIMS-Syslog" }),
  }),
  anEntry({
    ip: "192.0.2.62",
    changedAt: NOW + 9000,
    user: anEntryUser({ name: "dee", groups: ["finance"] }),
    device: {
      principalKey: "d",
      domain: "corp.example",
      name: "desk-9",
      groups: [],
      since: NOW,
      expiresAt: NOW,
      os: "windows 11",
    },
  }),
];

const get = (target: string): string =>
  `GET ${target} HTTP/1.1\r\nHost: jims\r\nAuthorization: Bearer 11111111-2222-4333-8444-555555555555\r\n\r\n`;
const TOKEN_REQUEST =
  "POST /oauth_token/oauth HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\ngrant_type=client_credentials&client_id=srx-a&client_secret=EXAMPLE";

function sessionWith(profile: SrxProfile): [string, string][] {
  return [
    [TOKEN_REQUEST, renderResponse(profile.encodeToken("11111111-2222-4333-8444-555555555555", 28_800))],
    [
      get("/user_query/v2/users/endpoints?begintime=0&entry_count=200"),
      renderResponse(profile.encodeBatch(people, "AQAAAGjnfgAAAAAAAAAB9A")),
    ],
    [
      get("/user_query/v2/users/endpoints?cookie=AQAAAGjnfgAAAAAAAAAB9A&entry_count=200"),
      renderResponse(profile.encodeBatch([], "AQAAAGjnfgAAAAAAAAAB9B")),
    ],
    [get("/user_query/v2/ip/192.0.2.50"), renderResponse(profile.encodeIp(aliceAtDesk))],
    [get("/user_query/v2/ip/192.0.2.99"), renderResponse(profile.encodeIp(null))],
  ];
}

describe("what is concluded of a server that speaks a profile we have", () => {
  test.each(builtInProfiles.map((profile) => [profile.id, profile] as const))(
    "%s: our encoder writes every recorded answer again, byte for byte",
    (_, spoken) => {
      const pairs = record(sessionWith(spoken));
      const inferred = inferProfile(pairs);
      const reading = readProfile(inferred?.document);
      if (reading.kind === "refused") throw new Error(JSON.stringify(reading.faults));
      const check = checkProfile(pairs, reading.profile);
      expect(check.firstDifference).toBeNull();
      expect(check).toMatchObject({ answers: 4, equal: 4 });
      expect(JSON.stringify(pairs)).not.toMatch(/alice|desk-7|engineering|corp\.example|EXAMPLE[^-]/);
    },
  );
});

describe("what is concluded of a server that nobody has seen", () => {
  const answer = (body: string, more = ""): string =>
    `HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\n${more}Content-Length: ${body.length}\r\n\r\n${body}`;

  test("names of parameters, places of the cookie and names of fields are taken from what was seen", () => {
    const pairs = record([
      [
        `POST /api/oauth HTTP/1.1\r\nAuthorization: Basic ${Buffer.from("a:b").toString("base64")}\r\n\r\n`,
        answer(`{"access_token":"${"ab".repeat(20)}","token_type":"Bearer","expires_in":"3600"}`),
      ],
      [
        get("/jims/v3/users/endpoints?since=1759999000000&limit=500"),
        answer(
          '{"next":"page-2-of-many","sessions":[{"clientIp":"10.1.1.1","accountName":"ana","realm":"corp","memberOf":["x"],"groups":["x"],"state":"connected","seen":"2025-10-09T08:53:20Z"},{"clientIp":"10.1.1.2","accountName":"ben","realm":"corp","memberOf":["y"],"groups":["y"],"state":"disconnected","seen":"2025-10-09T08:53:25Z"}]}',
          "X-Cursor: page-2-of-many\r\n",
        ),
      ],
      [
        get("/jims/v3/users/endpoints?after=page-2-of-many&limit=500"),
        answer('{"next":"page-3-of-many","sessions":[]}'),
      ],
    ]);
    const inferred = inferProfile(pairs);
    expect(inferred?.document).toMatchObject({
      paths: { tokenPrefixes: ["api/oauth"], queryPrefixes: ["jims/v3"] },
      token: { expiresInAs: "string", format: "hex40" },
      batch: {
        beginParams: ["since"],
        countParams: ["limit"],
        cookieParams: ["after"],
        cookieOut: ["body", "header"],
        cookieBodyKey: "next",
        cookieHeader: "X-Cursor",
        timeUnit: "ms",
      },
      body: {
        kind: "json",
        contentType: "application/json; charset=utf-8",
        listKey: "sessions",
        timeAs: "iso",
        words: { logon: "connected", logoff: "disconnected" },
        fields: [
          { of: "ip", as: ["clientIp"] },
          { of: "user", as: ["accountName"] },
          { of: "domain", as: ["realm"] },
          { of: "roles", as: ["memberOf", "groups"] },
          { of: "operation", as: ["state"] },
          { of: "time", as: ["seen"] },
        ],
      },
    });
    expect(inferred?.findings.find(({ sentence }) => sentence.startsWith("memberOf"))).toMatchObject({
      how: "guessed",
    });
    expect(inferred?.findings.find(({ about }) => about === "unknownIp")).toMatchObject({ how: "missing" });
    expect(readProfile(inferred?.document).kind).toBe("profile");
  });

  test("nothing is concluded where no entry was recorded", () => {
    expect(inferProfile(record([[TOKEN_REQUEST, answer("{}")]]))).toBeNull();
  });
});
