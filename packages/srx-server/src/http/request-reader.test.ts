import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type HttpRequest, type Reading, RequestReader } from "./request-reader.ts";

const HEAD_MAX = 16 * 1024;
const BODY_MAX = 64 * 1024;

/** Everything that comes out of these bytes, given in these pieces. */
function readAll(...pieces: readonly (string | Buffer)[]): Reading[] {
  const reader = new RequestReader(HEAD_MAX, BODY_MAX);
  const readings: Reading[] = [];
  for (const piece of pieces) {
    reader.push(typeof piece === "string" ? Buffer.from(piece, "latin1") : piece);
    for (;;) {
      const reading = reader.next();
      if (reading.kind === "incomplete") break;
      readings.push(reading);
      if (reading.kind === "fault") return readings;
    }
  }
  return readings;
}

const requests = (readings: readonly Reading[]): HttpRequest[] =>
  readings.flatMap((reading) => (reading.kind === "request" ? [reading.request] : []));
const shown = ({ method, url, headers, body, keepAlive }: HttpRequest) => ({
  method,
  url,
  headers: { ...headers },
  body,
  keepAlive,
});
const kinds = (readings: readonly Reading[]): string[] =>
  readings.map((reading) => (reading.kind === "fault" ? reading.fault : reading.kind));

const GET =
  "GET /a?b=c HTTP/1.1\r\nHost: x\r\nAuthorization:  Bearer t \r\nCookie: a=1\r\nCookie: b=2\r\n\r\n";
const POST = "POST /oauth HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhe\xc3\xa4!";
const CHUNKED =
  "PUT /u HTTP/1.1\r\nhost: x\r\ntransfer-encoding: Chunked\r\n\r\n3\r\nabc\r\n0A\r\n0123456789\r\n0\r\n\r\n";
const MANY = `${GET + POST + CHUNKED}\r\n${GET}`;

describe("a reader of requests", () => {
  test("gives method, target, headers and body of each, in their order", () => {
    expect(requests(readAll(MANY)).map(shown)).toEqual([
      {
        method: "GET",
        url: "/a?b=c",
        headers: { host: "x", authorization: "Bearer t", cookie: "a=1; b=2" },
        body: "",
        keepAlive: true,
      },
      {
        method: "POST",
        url: "/oauth",
        headers: { host: "x", "content-length": "5" },
        body: "heä!",
        keepAlive: true,
      },
      {
        method: "PUT",
        url: "/u",
        headers: { host: "x", "transfer-encoding": "Chunked" },
        body: "abc0123456789",
        keepAlive: true,
      },
      expect.objectContaining({ method: "GET" }),
    ]);
  });

  test("gives the same however the bytes are cut", () => {
    const whole = requests(readAll(MANY)).map(shown);
    fc.assert(
      fc.property(fc.array(fc.nat(MANY.length), { maxLength: 40 }), (places) => {
        const cuts = [0, ...places.toSorted((a, b) => a - b), MANY.length];
        const pieces = cuts.slice(1).map((to, at) => MANY.slice(cuts[at], to));
        expect(requests(readAll(...pieces)).map(shown)).toEqual(whole);
      }),
    );
    expect(requests(readAll(...MANY)).map(shown)).toEqual(whole);
  });

  test("keeps a header's place when the body comes in another buffer", () => {
    const long = `POST / HTTP/1.1\r\nHost: x\r\nX-Mark: here\r\nContent-Length: 60000\r\n\r\n`;
    const [request] = requests(readAll(long, "a".repeat(30_000), "b".repeat(30_000)));
    expect(request?.headers["x-mark"]).toBe("here");
    expect(request?.body).toHaveLength(60_000);
  });

  test.each([
    ["HTTP/1.1", "", true],
    ["HTTP/1.1", "Connection: close\r\n", false],
    ["HTTP/1.1", "Connection: x , CLOSE\r\n", false],
    ["HTTP/1.1", "Connection: keep-alive\r\nConnection: close\r\n", false],
    ["HTTP/1.0", "", false],
    ["HTTP/1.0", "Connection: Keep-Alive\r\n", true],
  ])("%s with %j stays open: %s", (version, line, keepAlive) => {
    expect(requests(readAll(`GET / ${version}\r\nHost: x\r\n${line}\r\n`))[0]?.keepAlive).toBe(keepAlive);
  });

  test("says once that a body may come", () => {
    const head = "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-Continue\r\nContent-Length: 2\r\n\r\n";
    expect(kinds(readAll(head, "a", "b"))).toEqual(["continue", "request"]);
    expect(kinds(readAll(`${head}ab`))).toEqual(["request"]);
  });

  test("reads a body of 64 KiB and not one byte more", () => {
    const head = (length: number) => `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n\r\n`;
    expect(requests(readAll(head(65_536), "a".repeat(65_536)))[0]?.body).toHaveLength(65_536);
    expect(requests(readAll(head(65_537)))[0]?.body).toBeNull();
    const chunks = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n8000\r\n";
    expect(requests(readAll(chunks, "a".repeat(0x8000), "\r\n8001\r\n"))[0]?.body).toBeNull();
  });
});

describe("what has two readings is refused", () => {
  const line = (text: string) => `GET / HTTP/1.1\r\nHost: x\r\n${text}\r\n\r\n`;
  test.each([
    ["a bare line feed after the request line", "GET / HTTP/1.1\nHost: x\r\n\r\n"],
    ["a bare carriage return after the request line", "GET / HTTP/1.1\rHost: x\r\n\r\n"],
    ["a bare line feed in a header", line("A: b\nC: d")],
    ["a bare carriage return in a header", line("A: b\rC: d")],
    ["a folded line", line("A: b\r\n c")],
    ["a blank before the colon", line("A : b")],
    ["a blank at the start of the first header", "GET / HTTP/1.1\r\n Host: x\r\n\r\n"],
    ["a header without a colon", line("A")],
    ["a header without a name", line(": b")],
    ["a null in a value", line("A: b\0c")],
    ["a bell in a target", "GET /\x07 HTTP/1.1\r\nHost: x\r\n\r\n"],
    ["a high byte in a target", "GET /\xe4 HTTP/1.1\r\nHost: x\r\n\r\n"],
    ["a high byte in a name", line("\xe4: b")],
    ["two blanks in the request line", "GET  / HTTP/1.1\r\nHost: x\r\n\r\n"],
    ["a target that is no path", "GET a HTTP/1.1\r\nHost: x\r\n\r\n"],
    ["an unknown method", "FETCH / HTTP/1.1\r\nHost: x\r\n\r\n"],
    ["a method in lower case", "get / HTTP/1.1\r\nHost: x\r\n\r\n"],
    ["a tunnel", "CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n"],
    ["HTTP/0.9", "GET /\r\n\r\n"],
    ["HTTP/2.0", "GET / HTTP/2.0\r\nHost: x\r\n\r\n"],
    ["the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
    ["no host", "GET / HTTP/1.1\r\n\r\n"],
    ["two hosts", line("Host: y")],
    ["two equal lengths", line("Content-Length: 1\r\nContent-Length: 1")],
    ["a list of lengths", line("Content-Length: 1, 1")],
    ["a signed length", line("Content-Length: +1")],
    ["a length in hexadecimal", line("Content-Length: 0x1")],
    ["an empty length", line("Content-Length:")],
    ["a length of twenty digits", line("Content-Length: 18446744073709551617")],
    ["a length and chunks", line("Content-Length: 3\r\nTransfer-Encoding: chunked")],
    ["chunks and a length", line("Transfer-Encoding: chunked\r\nContent-Length: 3")],
    ["another coding", line("Transfer-Encoding: gzip, chunked")],
    ["chunked that is not last", line("Transfer-Encoding: chunked, identity")],
    ["chunked twice", line("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked")],
    ["chunks in HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
    ["two tokens", line("Authorization: Bearer a\r\nAuthorization: Bearer b")],
    ["a body after an empty line too many", "\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n"],
    ["200 headers and one more", line(Array.from({ length: 201 }, (_, at) => `A${at}: b`).join("\r\n"))],
  ])("%s", (_, bytes) => {
    expect(kinds(readAll(bytes))).toEqual(["malformed"]);
  });

  const chunked = (body: string) => `POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n${body}`;
  test.each([
    ["an extension", "3;a=b\r\nabc\r\n0\r\n\r\n"],
    ["a trailer", "3\r\nabc\r\n0\r\nA: b\r\n\r\n"],
    ["a blank after the size", "3 \r\nabc\r\n0\r\n\r\n"],
    ["no size", "\r\nabc\r\n0\r\n\r\n"],
    ["a sign", "-3\r\nabc\r\n0\r\n\r\n"],
    ["nine digits", "000000003\r\nabc\r\n0\r\n\r\n"],
    ["a bare line feed after the size", "3\nabc\r\n0\r\n\r\n"],
    ["a chunk longer than it says", "3\r\nabcd\r\n0\r\n\r\n"],
    ["a bare line feed after the data", "3\r\nabc\n0\r\n\r\n"],
    ["a bare line feed at the end", "3\r\nabc\r\n0\r\n\n"],
  ])("in a chunked body: %s", (_, body) => {
    expect(kinds(readAll(chunked(body)))).toEqual(["malformed"]);
  });

  test("early, where the first bytes show that it is no HTTP", () => {
    for (const bytes of ["\x16\x03\x01\x02", "hello", "GET / HTTP/1.1\n", "GET / HTTP/1.1\r\nA: \0"])
      expect(kinds(readAll(bytes)), JSON.stringify(bytes)).toEqual(["malformed"]);
    for (const bytes of ["G", "GET /", "GET / HTTP/1.1\r", "\r\nGET"]) expect(readAll(bytes)).toEqual([]);
  });

  test("a head of more than 16 KiB, whole or not", () => {
    const long = `GET / HTTP/1.1\r\nHost: x\r\nA: ${"a".repeat(HEAD_MAX)}`;
    expect(kinds(readAll(long))).toEqual(["headers-too-large"]);
    expect(kinds(readAll(`${long}\r\n\r\n`))).toEqual(["headers-too-large"]);
    const exact = `GET / HTTP/1.1\r\nHost: x\r\nA: `;
    const fill = "a".repeat(HEAD_MAX - exact.length - 4);
    expect(kinds(readAll(`${exact}${fill}\r\n\r\n`))).toEqual(["request"]);
    expect(kinds(readAll(`${exact}${fill}a\r\n\r\n`))).toEqual(["headers-too-large"]);
  });

  test("an expectation that nobody knows", () => {
    expect(kinds(readAll(line("Expect: tea")))).toEqual(["expectation"]);
  });

  test("and nothing is read after a fault", () => {
    expect(kinds(readAll("X\r\n\r\n", GET, GET))).toEqual(["malformed"]);
  });

  test("a name of JavaScript's own is a header like any other", () => {
    const [request] = requests(readAll(line("__proto__: a\r\nconstructor: b")));
    expect(Object.entries(request?.headers ?? {})).toEqual([
      ["host", "x"],
      ["__proto__", "a"],
      ["constructor", "b"],
    ]);
  });

  test("a body in chunks of one byte holds little more than its bytes, however long its end is kept back", () => {
    const chunk = Buffer.from("1\r\nx\r\n".repeat(60_000), "latin1");
    const held = (): number => {
      const { heapUsed, external } = process.memoryUsage();
      return heapUsed + external;
    };
    const before = held();
    const readers = Array.from({ length: 50 }, () => {
      const reader = new RequestReader(HEAD_MAX, BODY_MAX);
      reader.push(Buffer.from("PUT /u HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n", "latin1"));
      reader.next();
      reader.push(chunk);
      expect(reader.next().kind).toBe("incomplete");
      return reader;
    });
    expect((held() - before) / readers.length).toBeLessThan(1024 * 1024);
    const [reader] = readers;
    reader?.push(Buffer.from("0\r\n\r\n", "latin1"));
    expect(reader?.next()).toMatchObject({ kind: "request", request: { body: "x".repeat(60_000) } });
  });

  test("byte by byte a head costs no more than its length", () => {
    const bytes = Buffer.from(`GET / HTTP/1.1\r\nHost: x\r\nA: ${"a".repeat(16_000)}\r\n\r\n`);
    const begunAt = process.cpuUsage();
    const readings = readAll(...Array.from(bytes, (byte) => Buffer.of(byte)));
    expect(kinds(readings)).toEqual(["request"]);
    expect(process.cpuUsage(begunAt).user / 1000).toBeLessThan(500);
  });
});
