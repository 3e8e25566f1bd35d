import { describe, expect, test } from "vitest";
import { decodeRequest } from "./decode-request.ts";
import { aRequest } from "./testing/index.ts";

const OURS = `AQ${"x".repeat(58)}`;
const isOurs = (text: string): boolean => text === OURS;
const decode = (line: string, headers = {}, body = "") =>
  decodeRequest(aRequest(line, headers, body), isOurs);
const FORM = { "content-type": "application/x-www-form-urlencoded" };

describe("which question it is", () => {
  test.each([
    "GET /user_query/v2/users/endpoints?begintime=0&entry_count=200",
    "GET /user-query/v2/users/endpoints?entry_count=200&begintime=0",
    "GET /api/user_query/v2/users/endpoints?begintime=0&entry-count=200",
    "POST /user_query/v2/users/endpoints?begintime=0&entry_count=200",
    "PUT /user_query/v2/users/endpoints?begintime=0&entry_count=200",
    "GET /user_query/v2/users/endpoints/?begintime=0&entry_count=200",
    "GET //user_query//v2/users/endpoints?begintime=0&entry_count=200",
    "GET /USER_QUERY/V2/Users/Endpoints?BeginTime=0&Entry_Count=200",
    "GET /anything/of/theirs?begintime=0&entry_count=200",
    "GET https://jims.example.net/user_query/v2/users/endpoints?begintime=0&entry_count=200",
    "GET /user%5Fquery/v2/users/endpoints?begintime=0&entry%5Fcount=200",
    "GET /user_query/v2/batch",
  ])("%s is a first batch of 200", (line) => {
    expect(decode(line)).toMatchObject({ kind: "batch", position: { kind: "start" }, limit: 200 });
  });

  test("a batch may stand in a body", () => {
    const asked = { kind: "batch", position: { kind: "since", at: 1_760_000_000_000 }, limit: 300 };
    expect(decode("POST /q/users/endpoints", FORM, "begintime=1760000000&entry_count=300")).toMatchObject(
      asked,
    );
    expect(
      decode(
        "POST /q/x",
        { "content-type": "application/json" },
        '{"begintime":1760000000,"entry_count":300}',
      ),
    ).toMatchObject(asked);
  });

  test.each([
    ["GET /user_query/v2/ip/192.0.2.50", "192.0.2.50"],
    ["GET /api/user-query/v1/ip/192.0.2.50/", "192.0.2.50"],
    ["PUT /user_query/v2/ip/2001:DB8:0:0::1", "2001:db8::1"],
    ["GET /user_query/v2/ip/2001%3Adb8%3A%3A1", "2001:db8::1"],
    ["GET /user_query/v2/ip/::ffff:192.0.2.50", "192.0.2.50"],
    ["GET /user_query/v2?ip=192.0.2.50", "192.0.2.50"],
    ["GET /anything/192.0.2.50", "192.0.2.50"],
  ])("%s asks for %s", (line, ip) => {
    expect(decode(line)).toMatchObject({ kind: "ip", ip, refresh: false });
  });

  test("an address query stays one although a cookie jar sends our cookie with it", () => {
    expect(decode("GET /user_query/v2/ip/192.0.2.50", { cookie: `report=${OURS}` })).toMatchObject({
      kind: "ip",
    });
  });

  test("any parameter that speaks of a probe asks for a fresh look", () => {
    expect(decode("GET /user_query/v2/ip/192.0.2.50?force-probe=1")).toMatchObject({
      kind: "ip",
      refresh: true,
    });
  });

  test.each([
    ["GET /user_query/v2/user?ip=192.0.2.90&id=carol&domain=corp.example", "carol", "corp.example"],
    ["GET /user?ip=192.0.2.90&id=CORP%5Ccarol", "carol", "CORP"],
    ["GET /q?ip=192.0.2.90&id=carol@corp.example", "carol", "corp.example"],
    ["GET /user_query/v2/user?ip=192.0.2.90&id=carol", "carol", null],
  ])("%s pushes a user", (line, user, domain) => {
    expect(decode(line)).toEqual({ kind: "user", ip: "192.0.2.90", user, domain, state: "portal" });
  });

  const XML = { "content-type": "application/xml" };
  const JSON_TYPE = { "content-type": "application/json" };
  test.each([
    ["a form", FORM, "ip=192.0.2.90&id=carol&domain=corp.example"],
    ["JSON", JSON_TYPE, '{"ip":"192.0.2.90","id":"carol","domain":"corp.example"}'],
    [
      "JSON at a deeper level",
      JSON_TYPE,
      '{"user":{"id":"carol","domain":"corp.example"},"session":{"ip":"192.0.2.90"}}',
    ],
    ["JSON in a list", JSON_TYPE, '[{"ip":"192.0.2.90","id":"carol","domain":"corp.example"}]'],
    [
      "XML",
      XML,
      '<?xml version="1.0"?><userfw-entries><userfw-entry><IP>192.0.2.90</IP><domain>corp.example</domain><user>carol</user></userfw-entry></userfw-entries>',
    ],
    [
      "XML with a name space",
      XML,
      '<n:a x="1"><n:ip>192.0.2.90</n:ip><n:user>carol</n:user><n:domain>corp.example</n:domain></n:a>',
    ],
    ["no type at all", {}, "<r><ip>192.0.2.90</ip><id>carol</id><domain>corp.example</domain></r>"],
  ])("a user may be pushed in %s, by POST or PUT", (_, headers, body) => {
    const pushed = { kind: "user", ip: "192.0.2.90", user: "carol", domain: "corp.example", state: "portal" };
    expect(decode("POST /user_query/v2/user", headers, body)).toEqual(pushed);
    expect(decode("PUT /user", headers, body)).toEqual(pushed);
  });

  test.each([
    ["state=connect", "connect"],
    ["event=Connected", "connect"],
    ["action=re-key", "rekey"],
    ["operation=refresh", "rekey"],
    ["event_type=DISCONNECT", "disconnect"],
    ["connection-state=terminated", "disconnect"],
    ["operation=logoff", "portal-logoff"],
    ["operation=logon", "portal"],
    ["state=", "portal"],
    // A word that nobody knows must not open a session: it may say that the logon failed.
    ["state=logon-failed", "unknown"],
    ["state=connect&event=disconnect", "unknown"],
  ])("%s says that the person is: %s", (state, is) => {
    expect(decode(`GET /user?ip=192.0.2.90&id=carol&${state}`)).toMatchObject({ kind: "user", state: is });
  });

  test("XML with a document type, or cut, is not read", () => {
    for (const body of [
      '<!DOCTYPE a [<!ENTITY x "y">]><a><ip>192.0.2.90</ip><user>carol</user></a>',
      "<a><ip>192.0.2.90</ip><user>carol</user",
    ])
      expect(decode("POST /user", XML, body)).toMatchObject({ kind: "user", ip: null, user: null });
  });

  test("a family's own names and unit count beside those that are always read", () => {
    const dialect = {
      begin: new Set(["from"]),
      count: new Set(["max"]),
      cookie: new Set(["resume"]),
      cookieHeader: "x-resume",
      timeUnit: "ms",
    } as const;
    const ask = (line: string) => decodeRequest(aRequest(line), isOurs, dialect);
    expect(ask("GET /q?from=1000&max=7")).toMatchObject({
      kind: "batch",
      position: { kind: "since", at: 1000 },
      limit: 7,
    });
    expect(ask("GET /q?resume=theirs")).toMatchObject({ position: { kind: "cookie", cookie: "theirs" } });
    expect(ask("GET /q?begintime=1000&entry_count=7")).toMatchObject({
      position: { kind: "since", at: 1000 },
      limit: 7,
    });
    expect(decode("GET /q?from=1000&max=7")).toMatchObject({ kind: "unknown-shape" });
    const inHeader = aRequest("GET /q?max=7", { "x-resume": "theirs" });
    expect(decodeRequest(inHeader, isOurs, dialect)).toMatchObject({
      position: { kind: "cookie", cookie: "theirs" },
      asked: { cookie: "header" },
    });
  });

  test("how a place was named is told: it shows whether the last answer was understood", () => {
    const asked = (line: string, headers = {}) => {
      const request = decode(line, headers);
      return request.kind === "batch" ? request.asked : null;
    };
    expect(asked("GET /q/endpoints?begintime=0")).toEqual({ cookie: "none", begin: null });
    expect(asked(`GET /q/endpoints?cookie=${OURS}&begintime=1760000000`)).toEqual({
      cookie: "parameter",
      begin: 1_760_000_000_000,
    });
    expect(asked("GET /q/endpoints?begintime=1760000000", { cookie: `report=${OURS}` })).toEqual({
      cookie: "header",
      begin: 1_760_000_000_000,
    });
  });

  test.each(["GET /", "GET /user_query/v2", "GET /api/user-query/v2/", "GET /api"])(
    "%s is a bare probe",
    (line) => {
      expect(decode(line)).toEqual({ kind: "status" });
    },
  );

  test.each([
    ["GET /user_query/v2/session/abc", "neither batch, address nor user"],
    ["GET /user_query/v2/ip/not-an-address", "not an address"],
    ["GET /user_query/v2/ip", "not an address"],
    ["GET /q/endpoints?begintime=1&begintime=2", "parameter begintime is repeated"],
    ["GET /q/endpoints?cookie=a&cookie=b", "parameter cookie is repeated"],
    [`GET /q?${"a=1&".repeat(2500)}`, "too many parameters"],
  ])("%s is not known, and says why", (line, reason) => {
    expect(decode(line)).toEqual({ kind: "unknown-shape", reason });
  });

  test.each(["DELETE", "HEAD", "OPTIONS", "PATCH", "TRACE", "get"])("method %s is not served", (method) => {
    expect(decode(`${method} /user_query/v2/ip/192.0.2.50`)).toEqual({ kind: "method-not-allowed" });
  });
});

describe("where a batch begins", () => {
  const position = (line: string, headers = {}) => {
    const asked = decode(line, headers);
    return asked.kind === "batch" ? asked.position : asked.kind;
  };

  test("the cookie wins over the timestamp", () => {
    const cookie = { kind: "cookie", cookie: OURS };
    expect(position(`GET /q/endpoints?begintime=1760000000&cookie=${OURS}`)).toEqual(cookie);
    expect(position("GET /q/endpoints?begintime=1760000000&cookie=theirs")).toEqual({
      kind: "cookie",
      cookie: "theirs",
    });
  });

  test("the cookie is found by name, by its form under any name, and in the header, in this order", () => {
    const cookie = { kind: "cookie", cookie: OURS };
    expect(position(`GET /q/endpoints?Cookie=${OURS}`)).toEqual(cookie);
    expect(position(`GET /q?resume_from=${OURS}`)).toEqual(cookie);
    expect(position(`GET /q/endpoints?cookie=theirs&resume=${OURS}`)).toEqual(cookie);
    expect(position("GET /q/endpoints?entry_count=200", { cookie: `a=b; report=${OURS}` })).toEqual(cookie);
    expect(position("GET /q/endpoints?entry_count=200", { cookie: `x=${OURS}` })).toEqual(cookie);
    expect(position("GET /q/endpoints?cookie=theirs", { cookie: `report=${OURS}` })).toEqual({
      kind: "cookie",
      cookie: "theirs",
    });
  });

  test("an empty cookie is none, and another server's cookie in the header is not ours", () => {
    expect(position("GET /q/endpoints?cookie=&begintime=0")).toEqual({ kind: "start" });
    expect(position("GET /q/endpoints?begintime=0", { cookie: "JSESSIONID=1" })).toEqual({ kind: "start" });
  });

  test("counts are held between 1 and 1000, and what is no count is passed over with a word", () => {
    const limit = (text: string) => {
      const asked = decode(`GET /q/endpoints?entry_count=${text}`);
      return asked.kind === "batch" ? [asked.limit, asked.warnings.length] : null;
    };
    expect(limit("1")).toEqual([1, 0]);
    expect(limit("5000")).toEqual([1000, 0]);
    expect(limit("0")).toEqual([200, 1]);
    expect(limit("-5")).toEqual([200, 1]);
    expect(limit("many")).toEqual([200, 1]);
    expect(limit("9".repeat(40))).toEqual([200, 1]);
  });

  test("a time that cannot be read means from the start, with a word", () => {
    const asked = decode("GET /q/endpoints?begintime=yesterday");
    expect(asked).toMatchObject({
      kind: "batch",
      position: { kind: "start" },
      warnings: [{ kind: "begin-ignored" }],
    });
  });
});

describe("asking for a token", () => {
  const credentials = { kind: "token", clientId: "srx-a", clientSecret: "s3" };
  const basic = { authorization: `Basic ${btoa("srx-a:s3")}` };

  test.each([
    [
      "a form",
      "POST /oauth_token/oauth",
      FORM,
      "grant_type=client_credentials&client_id=srx-a&client_secret=s3",
      "form",
    ],
    ["a form without a grant", "POST /oauth_token/oauth", FORM, "client_id=srx-a&client_secret=s3", "form"],
    [
      "a form of no declared type",
      "POST /api/oauth-token/oauth",
      {},
      "client_id=srx-a&client_secret=s3",
      "form",
    ],
    [
      "JSON",
      "POST /oauth",
      { "content-type": "application/json; charset=utf-8" },
      '{"client_id":"srx-a","client_secret":"s3"}',
      "json",
    ],
    [
      "JSON of no declared type",
      "PUT /oauth/token",
      {},
      '{"client_id":"srx-a","client_secret":"s3"}',
      "json",
    ],
    ["Basic", "POST /oauth_token/oauth", basic, "grant_type=client_credentials", "basic"],
    ["Basic by GET", "GET /oauth_token/oauth", basic, "", "basic"],
    [
      "Basic and the same in the form",
      "POST /oauth",
      { ...FORM, ...basic },
      "client_id=srx-a&client_secret=s3",
      "basic",
    ],
    ["Basic on a path of their own", "POST /their/path", basic, "", "basic"],
    ["a form on a path of their own", "POST /their/path", FORM, "client_id=srx-a&client_secret=s3", "form"],
  ])("%s is taken", (_, line, headers, body, sentBy) => {
    expect(decode(line, headers, body)).toEqual({ ...credentials, sentBy });
  });

  test.each([
    ["the secret in the address of anything", "GET /x?client_secret=s3", {}, "", "credentials-in-query"],
    [
      "credentials in the address beside a form",
      "POST /oauth?client_id=a",
      FORM,
      "client_id=a&client_secret=b",
      "credentials-in-query",
    ],
    [
      "another grant",
      "POST /oauth",
      FORM,
      "grant_type=password&client_id=srx-a&client_secret=s3",
      "unsupported-grant",
    ],
    [
      "another grant in the address",
      "POST /oauth?grant_type=password",
      FORM,
      "client_id=srx-a&client_secret=s3",
      "unsupported-grant",
    ],
    [
      "a repeated field",
      "POST /oauth",
      FORM,
      "client_id=a&client_id=b&client_secret=c",
      "repeated-parameter",
    ],
    [
      "two different clients",
      "POST /oauth",
      { ...FORM, ...basic },
      "client_id=other&client_secret=s3",
      "two-credentials",
    ],
    ["no secret", "POST /oauth", FORM, "client_id=srx-a", "no-credentials"],
    ["nothing", "POST /oauth", {}, "", "no-credentials"],
    ["broken JSON", "POST /oauth", { "content-type": "application/json" }, "{", "unreadable-body"],
    ["a JSON list", "POST /oauth", { "content-type": "application/json" }, "[1]", "unreadable-body"],
    ["XML", "POST /oauth", { "content-type": "text/xml" }, "<a/>", "wrong-content-type"],
    [
      "a name that is too long",
      "POST /oauth",
      FORM,
      `client_id=${"a".repeat(65)}&client_secret=b`,
      "field-too-long",
    ],
    [
      "a secret that is too long",
      "POST /oauth",
      FORM,
      `client_id=a&client_secret=${"b".repeat(129)}`,
      "field-too-long",
    ],
    ["Basic that is not base64", "POST /oauth", { authorization: "Basic %%%" }, "", "no-credentials"],
    [
      "Basic without a colon",
      "POST /oauth",
      { authorization: `Basic ${btoa("nobody")}` },
      "",
      "no-credentials",
    ],
  ])("%s is refused", (_, line, headers, body, fault) => {
    expect(decode(line, headers, body)).toEqual({ kind: "token-fault", fault });
  });

  test("credentials in the address are told as such: whoever answers decides whether to take them", () => {
    expect(decode("GET /oauth?client_id=srx-a&client_secret=s3")).toEqual({
      ...credentials,
      sentBy: "query",
    });
    const fault = { kind: "token-fault", fault: "credentials-in-query" };
    expect(decode("GET /oauth?client_id=srx-a")).toEqual(fault);
    const basic = { authorization: `Basic ${btoa("srx-b:s4")}` };
    expect(decode("GET /oauth?client_id=srx-a&client_secret=s3", basic)).toEqual(fault);
  });

  test("names like those of objects' own parts are plain names", () => {
    const body = '{"__proto__":{"client_id":"x"},"constructor":"y","client_id":"srx-a","client_secret":"s3"}';
    expect(decode("POST /oauth", { "content-type": "application/json" }, body)).toEqual({
      ...credentials,
      sentBy: "json",
    });
    expect(({} as Record<string, unknown>).client_id).toBeUndefined();
  });
});
