import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { notePeers, sourceIpOf } from "./source-ip.ts";

const from = (headers: Record<string, string>) => (name: string) => headers[name] ?? null;

describe("sourceIpOf", () => {
  it("takes what our proxy added, not what the browser claimed before it", () => {
    expect(sourceIpOf(from({ "x-forwarded-for": "203.0.113.9, 192.0.2.1" }), true)).toBe("192.0.2.1");
  });

  it("believes no list without a proxy, not even one of a single address", () => {
    expect(sourceIpOf(from({ "x-forwarded-for": "203.0.113.9" }), false)).toBeNull();
    expect(
      sourceIpOf(from({ "x-forwarded-for": "203.0.113.9", "x-rollcall-peer": "::ffff:192.0.2.1" }), false),
    ).toBe("192.0.2.1");
  });

  it("is nothing when it is no address", () => {
    for (const text of ["", "unknown", "<script>", "1".repeat(50)])
      for (const isBehindProxy of [true, false])
        expect(
          sourceIpOf(from({ "x-forwarded-for": text, "x-rollcall-peer": text }), isBehindProxy),
        ).toBeNull();
  });

  it("is whom the socket is connected to, whatever the client wrote", async () => {
    notePeers();
    const server = createServer((request, response) => {
      const one = (name: string) => String(request.headers[name] ?? "");
      response.end(sourceIpOf(one, false));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const answer = await fetch(`http://127.0.0.1:${port}/`, {
      headers: { "x-forwarded-for": "203.0.113.9", "x-rollcall-peer": "203.0.113.9", connection: "close" },
    });
    expect(await answer.text()).toBe("127.0.0.1");
    await new Promise((resolve) => server.close(resolve));
  });
});
