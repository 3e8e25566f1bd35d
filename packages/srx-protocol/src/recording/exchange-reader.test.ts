import { describe, expect, test } from "vitest";
import { type Exchange, ExchangeReader } from "./exchange-reader.ts";

const bytes = (text: string): Uint8Array => Buffer.from(text, "latin1");
const bodyOf = (message: Exchange["request"] | null): string =>
  Buffer.concat([...(message?.body ?? [])]).toString("latin1");

function follow(client: readonly string[], server: readonly string[], bodyBytesMax = 1000) {
  const exchanges: {
    asked: string;
    answered: string | null;
    status: string | null;
    isCut: boolean;
    bytes: number;
  }[] = [];
  const faults: string[] = [];
  const held = { left: 10_000 };
  const reader = new ExchangeReader({
    bodyBytesMax,
    held,
    onExchange: ({ request, response }) =>
      exchanges.push({
        asked: `${request.head.startLine}|${bodyOf(request)}`,
        answered: response === null ? null : bodyOf(response),
        status: response?.head.startLine ?? null,
        isCut: response?.isCut ?? false,
        bytes: response?.bodyBytes ?? 0,
      }),
    onFault: (reason) => faults.push(reason),
  });
  for (const piece of client) reader.fromClient(bytes(piece));
  for (const piece of server) reader.fromServer(bytes(piece));
  reader.close();
  return { exchanges, faults, left: held.left };
}

const GET = "GET /user_query/v2/ip/192.0.2.1 HTTP/1.1\r\nHost: a\r\n\r\n";
const POST = "POST /t HTTP/1.1\r\nhost: a\r\nCONTENT-length: 3\r\n\r\nabc";

describe("following a connection", () => {
  test("pairs pipelined requests with their answers, in order, whatever frames the bodies", () => {
    const { exchanges, faults, left } = follow(
      [GET, POST, "BREW /pot HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX-T: 1\r\n\r\n"],
      [
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n",
        "HTTP/1.1 418 I'm a teapot\r\n\r\nuntil the end",
      ],
    );
    expect(faults).toEqual([]);
    expect(exchanges.map((one) => [one.asked, one.answered])).toEqual([
      ["GET /user_query/v2/ip/192.0.2.1 HTTP/1.1|", "{}"],
      ["POST /t HTTP/1.1|abc", "abc0123456789"],
      ["BREW /pot HTTP/1.1|hi", "until the end"],
    ]);
    expect(left).toBe(10_000);
  });

  test("reads the same however the stream is cut", () => {
    const client = GET + POST;
    const server =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n";
    const whole = follow([client], [server]).exchanges;
    expect(whole).toHaveLength(2);
    expect(follow(client.split(""), server.split("")).exchanges).toEqual(whole);
  });

  test("an answer to HEAD, a 204 and a 304 have no body, whatever length they name", () => {
    const { exchanges } = follow(
      ["HEAD / HTTP/1.1\r\n\r\n", GET, GET],
      [
        "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n",
        "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n",
        "HTTP/1.1 204 No\r\n\r\n",
      ],
    );
    expect(exchanges.map((one) => one.status?.slice(9, 12))).toEqual(["200", "304", "204"]);
  });

  test("a body beyond the bound is counted and not kept, and what follows it is still read", () => {
    const { exchanges, left } = follow(
      [GET, GET],
      [
        `HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n${"x".repeat(2000)}`,
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
      ],
    );
    expect(exchanges).toMatchObject([
      { isCut: true, bytes: 2000, answered: "" },
      { isCut: false, answered: "ok" },
    ]);
    expect(left).toBe(10_000);
  });

  test("a request without an answer is handed over when the connection ends", () => {
    expect(follow([GET], []).exchanges).toMatchObject([{ answered: null }]);
  });

  test.each([
    ["hello there\r\n\r\n", "", "request: the start line is not HTTP/1"],
    [GET, "SSH-2.0-x\r\n", "response: the start line is not HTTP/1"],
    [
      "GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
      "",
      "request: the lengths of a body disagree",
    ],
    [GET, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "response: a chunk has no length"],
    [
      GET,
      "HTTP/1.1 101 Switching Protocols\r\n\r\n",
      "response: the connection was switched to another protocol",
    ],
    [`GET / HTTP/1.1\r\nx: ${"y".repeat(70_000)}`, "", "request: a head or trailer is longer than 64 KiB"],
  ])("says once what it cannot follow (%#)", (client, server, fault) => {
    expect(follow([client, GET], [server, GET]).faults).toEqual([fault]);
  });
});
