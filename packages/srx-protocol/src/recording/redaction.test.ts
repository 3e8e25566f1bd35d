import { createHmac } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Pseudonyms } from "./pseudonyms.ts";
import { readPair, renderPair, writePair } from "./recorded-pair.ts";
import { type ReadMessage, redactExchange } from "./redact-exchange.ts";
import { redactJson } from "./redact-json.ts";
import { redactXml } from "./redact-xml.ts";
import { atOnce } from "./steps.ts";
import { createValueRules } from "./value-rules.ts";

const NOW = Date.UTC(2026, 10, 25);
const AT = NOW / 1000 - 60;

function aRecorder(extraWords: readonly string[] = []) {
  const names = new Pseudonyms({
    mac: (text) => createHmac("sha256", "key of one test").update(text).digest(),
    now: NOW,
  });
  return { names, rules: createValueRules(names, extraWords) };
}

function aMessage(
  startLine: string,
  headers: readonly (readonly [string, string])[],
  body = "",
): ReadMessage {
  return {
    head: { startLine, headers },
    framing: body === "" ? "none" : "length",
    body,
    bodyNote: null,
    bodyBytes: body.length,
    isWhole: true,
    trailers: [],
  };
}

describe("names", () => {
  test("the same word has the same replacement wherever it stands, and its case and length", () => {
    const { names } = aRecorder();
    const [domain, user] = names.text("CORP\\Ana").split("\\");
    expect(names.text("ana@corp.example")).toMatch(
      new RegExp(`^${user?.toLowerCase()}@${domain?.toLowerCase()}\\.`),
    );
    expect(names.text("ANA-PC7")).toMatch(
      new RegExp(`^${user?.toUpperCase()}-[A-Z]{2}\\d$|^${user?.toUpperCase()}-`),
    );
    expect(names.text("Zoë Žižek")).toMatch(/^[A-Z][a-z]\p{Ll} \p{Lu}[a-z]\p{Ll}[a-z]{2}$/u);
  });

  test("no two words get one replacement, and none gets itself", () => {
    const { names } = aRecorder();
    const words = Array.from({ length: 300 }, (_, at) =>
      String.fromCharCode(97 + (at % 26), 97 + Math.floor(at / 26)),
    );
    const given = words.map((word) => names.text(word));
    expect(new Set(given).size).toBe(words.length);
    expect(given.filter((word, at) => word === words[at])).toEqual([]);
  });

  test("addresses stay addresses: the documentation ranges first, then 198.18/15", () => {
    const { names } = aRecorder();
    const given = Array.from({ length: 900 }, (_, at) => names.address(`10.9.${at >> 8}.${at & 255}`) ?? "");
    expect(new Set(given).size).toBe(900);
    expect(given.slice(0, 762).every((ip) => /^(192\.0\.2|198\.51\.100|203\.0\.113)\.\d+$/.test(ip))).toBe(
      true,
    );
    expect(given.slice(762).every((ip) => /^198\.1[89]\./.test(ip))).toBe(true);
    expect(names.address("::ffff:10.9.0.0")).toBe(given[0]);
    expect(names.address("fd00::1")).toMatch(/^2001:db8:/);
    expect(names.text("seen at 10.9.0.0, then 10.9.0.1.")).toContain(`${given[0]}, `);
  });

  test("times keep their distance and their form, and a number far from now is no time", () => {
    const { names } = aRecorder();
    expect(names.time(String(AT))).toBe("1760000000");
    expect(names.time(`${AT + 5}250`)).toBe("1760000005250");
    expect(names.time(new Date((AT + 20) * 1000).toISOString())).toBe("2025-10-09T08:53:40.000Z");
    expect(names.time(new Date((AT + 20) * 1000).toUTCString())).toBe("Thu, 09 Oct 2025 08:53:40 GMT");
    expect(names.time("2079460123")).toBeNull();
  });
});

describe("documents", () => {
  test("JSON keeps its order, blanks and escapes; names of fields stay, values of people do not", () => {
    const { rules } = aRecorder();
    const written = atOnce(
      redactJson(
        `{ "cookie" : "abc123", "report_entries":[ {"timestamp":${AT},"activity":"login","user-name":"O\\u0027Neil","roles":["Finance"],"is_online":true,"badge":48151623} ] }`,
        rules,
      ),
    );
    expect(written).toMatch(
      /^\{ "cookie" : "COOKIE1", "report_entries":\[ \{"timestamp":1760000000,"activity":"login","user-name":"[A-Z]\\u0027[A-Z][a-z]{3}","roles":\["[A-Z][a-z]{6}"\],"is_online":true,"badge":\d{8}\} \] \}$/,
    );
    expect(written).not.toMatch(/Neil|Finance|48151623|abc123/);
  });

  test("XML keeps elements and spelling; comments go; a document type is not written at all", () => {
    const { rules } = aRecorder();
    expect(
      atOnce(
        redactXml(
          '<?xml version="1.0"?><userfw-entries cookie="k1"><!-- from ana --><userfw-entry><IP>10.1.1.1</IP><user>a&amp;b &lt;ana&gt;</user><operation>logon</operation><role-list/></userfw-entry></userfw-entries>',
          rules,
        ),
      ),
    ).toMatch(
      /^<\?xml version="1\.0"\?><userfw-entries cookie="COOKIE1"><userfw-entry><IP>192\.0\.2\.1<\/IP><user>[a-z]&amp;[a-z] &lt;[a-z]{3}&gt;<\/user><operation>logon<\/operation><role-list\/><\/userfw-entry><\/userfw-entries>$/,
    );
    expect(atOnce(redactXml('<!DOCTYPE a [<!ENTITY e "ana">]><a>&e;</a>', rules))).toBeNull();
    expect(atOnce(redactXml("<a><b></a></b>", rules))).toBeNull();
  });

  test("a member whose name is somebody's is renamed", () => {
    const { rules } = aRecorder();
    expect(atOnce(redactJson('{"users":{"ana.smith":{"ip":"10.1.1.1"}},"10.1.1.1":1}', rules))).not.toMatch(
      /ana|smith|10\.1\.1\.1/,
    );
  });

  test("any JSON comes back as JSON of the same shape", () => {
    const { rules } = aRecorder();
    const shape = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(shape);
      if (typeof value !== "object" || value === null) return typeof value;
      // Members named by numbers are read in the order of these, and a name may be another now.
      return {
        members: Object.values(value)
          .map(shape)
          .map((one) => JSON.stringify(one))
          .sort(),
      };
    };
    fc.assert(
      fc.property(fc.json({ maxDepth: 4 }), (text) => {
        const written = atOnce(redactJson(text, rules));
        expect(written).not.toBeNull();
        expect(shape(JSON.parse(written ?? ""))).toEqual(shape(JSON.parse(text)));
      }),
    );
  });
});

describe("an exchange", () => {
  const SEEDED = [
    "quellwasser",
    "Ingeborg",
    "Bachmann",
    "klagenfurt",
    "Geheimrat",
    "10.77.66.55",
    "fd77::66",
    "s3cr3t-PASSPHRASE",
    "srx-klagenfurt",
    "7f3b2a10-aaaa-4bbb-8ccc-1234567890ab",
    "c00kie-of-the-server",
    "LAPTOP-4711",
    "cjNhbGx5",
  ];
  const token = "7f3b2a10-aaaa-4bbb-8ccc-1234567890ab";
  const basic = Buffer.from("srx-klagenfurt:s3cr3t-PASSPHRASE").toString("base64");

  test("nothing that names anybody is written, in any place of either message", () => {
    const { names, rules } = aRecorder();
    const pairs = [
      redactExchange(
        {
          number: 1,
          connection: 1,
          atMs: 0,
          tookMs: 3,
          request: aMessage(
            "POST /oauth_token/oauth?client_secret=s3cr3t-PASSPHRASE HTTP/1.1",
            [
              ["Host", "jims.klagenfurt.example:443"],
              ["Authorization", `Basic ${basic}`],
              ["X-Device", "LAPTOP-4711"],
              ["User-Agent", "curl/8.0 (jims.klagenfurt.example)"],
              ["Content-Type", "application/x-www-form-urlencoded"],
              ["Content-Length", "99"],
            ],
            "grant_type=client_credentials&client_id=srx-klagenfurt&client_secret=s3cr3t-PASSPHRASE",
          ),
          response: aMessage(
            "HTTP/1.1 200 Ingeborg's server",
            [
              [
                "Set-Cookie",
                `JSESSIONID=c00kie-of-the-server; Path=/user/Ingeborg; Domain=klagenfurt.example`,
              ],
            ],
            `{"access_token":"${token}","token_type":"Bearer","expires_in":28800,"note":"cjNhbGx5"}`,
          ),
        },
        rules,
        names,
      ),
      redactExchange(
        {
          number: 2,
          connection: 1,
          atMs: 10,
          tookMs: 3,
          request: aMessage(
            `GET /user_query/v2/users/endpoints?cookie=c00kie-of-the-server&include=10.77.66.0/24,10.77.66.55&domain=klagenfurt.example HTTP/1.1`,
            [
              ["Authorization", `Bearer ${token}`],
              ["Cookie", "JSESSIONID=c00kie-of-the-server"],
              ["Referer", "https://quellwasser/Bachmann?user=Ingeborg"],
            ],
          ),
          response: aMessage(
            "HTTP/1.1 200 OK",
            [["X-Next", "c00kie-of-the-server"]],
            `[{"who":"KLAGENFURT\\\\Ingeborg.Bachmann","mail":"ingeborg.bachmann@quellwasser.klagenfurt.example","ip":"10.77.66.55","ip6":["fd77::66"],"Ingeborg":{"pc":"LAPTOP-4711"},"roles":["Geheimrat"],"upn":"\\u0049ngeborg@x"}]`,
          ),
        },
        rules,
        names,
      ),
      redactExchange(
        {
          number: 3,
          connection: 2,
          atMs: 20,
          tookMs: 1,
          request: aMessage("GET /user_query/v2/user/Ingeborg%2EBachmann HTTP/1.1", []),
          response: aMessage("HTTP/1.1 500 Error", [], "Ingeborg Bachmann of Klagenfurt was not found"),
        },
        rules,
        names,
      ),
    ];
    const written = pairs.map((pair) => writePair(pair) + renderPair(pair)).join("\n");
    for (const value of SEEDED) expect(written.toLowerCase()).not.toContain(value.toLowerCase());
    expect(written).not.toContain(basic);
    expect(pairs[0]?.request.headers.find(([name]) => name === "Content-Length")?.[1]).toBe(
      String(pairs[0]?.request.body?.length),
    );
    expect(pairs[2]?.response?.bodyNote).toBe(
      "45 bytes, not written down: it is neither JSON, XML nor a form",
    );
  });

  test("one token, one cookie, one address: one placeholder, wherever they stand", () => {
    const { names, rules } = aRecorder();
    const pair = redactExchange(
      {
        number: 1,
        connection: 1,
        atMs: 0,
        tookMs: 0,
        request: aMessage("GET /user_query/v2/ip/10.77.66.55?cookie=c00kie HTTP/1.1", [
          ["authorization", `Bearer ${token}`],
        ]),
        response: aMessage(
          "HTTP/1.1 200 OK",
          [["Set-Cookie", "report=c00kie; Path=/user_query"]],
          `{"access_token":"${token}","cookie":"c00kie","ip":"10.77.66.55"}`,
        ),
      },
      rules,
      names,
    );
    expect(pair.request.startLine).toBe("GET /user_query/v2/ip/192.0.2.1?cookie=COOKIE1 HTTP/1.1");
    expect(pair.request.headers).toEqual([["authorization", "Bearer 00000000-0000-4000-8000-000000000001"]]);
    expect(pair.response?.headers).toEqual([["Set-Cookie", "report=COOKIE1; Path=/user_query"]]);
    expect(pair.response?.body).toBe(
      '{"access_token":"00000000-0000-4000-8000-000000000001","cookie":"COOKIE1","ip":"192.0.2.1"}',
    );
  });

  test("of a body that the connection cut only the length is written", () => {
    const { names, rules } = aRecorder();
    const request = { ...aMessage("POST /t HTTP/1.1", [], "client_id=a&client_sec"), isWhole: false };
    const pair = redactExchange(
      { number: 1, connection: 1, atMs: 0, tookMs: 0, request, response: null },
      rules,
      names,
    );
    expect(pair.request).toMatchObject({
      body: null,
      bodyNote: "22 bytes, not written down: the connection ended within it",
    });
  });

  test("a pair reads back as it was written", () => {
    const { names, rules } = aRecorder();
    const pair = redactExchange(
      {
        number: 7,
        connection: 2,
        atMs: 5,
        tookMs: 1,
        request: aMessage("GET / HTTP/1.1", []),
        response: null,
      },
      rules,
      names,
    );
    expect(readPair(writePair(pair))).toEqual(pair);
    expect(readPair('{"format":"other"}\n{}\n')).toBeNull();
  });
});
