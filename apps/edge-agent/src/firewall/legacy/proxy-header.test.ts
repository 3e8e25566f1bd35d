import { randomBytes } from "node:crypto";
import { parseIp } from "@rollcall/identity-core";
import { fuzzRuns, fuzzSeed } from "@rollcall/testkit";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeProxyHeader, encodeProxyHeader, HEADER_BYTES_MAX, TOKEN_BYTES } from "./proxy-header.ts";

const token = randomBytes(TOKEN_BYTES);
const transport = "TLSv1 AES128-SHA fw.example";

describe("the header of a connection that is handed on", () => {
  it("brings any address and what it speaks to the other side, however the bytes come", () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), fc.nat(65_535), fc.nat(200), (text, port, cut) => {
        const address = parseIp(text) ?? "";
        const header = encodeProxyHeader({ address, port, transport }, token);
        const rest = Buffer.from("GET / HTTP/1.1\r\n");
        const wanted = { kind: "header", peer: { address, transport }, bytes: header.length };
        expect(decodeProxyHeader(Buffer.concat([header, rest]), token)).toEqual(wanted);
        if (cut < header.length)
          expect(decodeProxyHeader(header.subarray(0, cut), token)).toEqual({ kind: "incomplete" });
      }),
      { numRuns: 2000 },
    );
  });

  it("is refused without the token of the listener that we started, and where it is none", () => {
    const header = (secret: Buffer) => encodeProxyHeader({ address: "10.0.0.1", port: 1, transport }, secret);
    for (const bytes of [
      header(randomBytes(TOKEN_BYTES)),
      header(Buffer.alloc(0)),
      Buffer.from("GET /user_query HTTP/1.1\r\n"),
      Buffer.from("PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\n"),
    ])
      expect(decodeProxyHeader(bytes, token)).toEqual({ kind: "refused" });
    const tooLong = header(token);
    tooLong.writeUInt16BE(HEADER_BYTES_MAX, 14);
    expect(decodeProxyHeader(tooLong, token)).toEqual({ kind: "refused" });
  });

  it("never takes an address from bytes that somebody made up, and never throws", () => {
    const good = encodeProxyHeader({ address: "10.0.0.1", port: 1, transport }, token);
    fc.assert(
      fc.property(
        fc.nat(good.length - 1),
        fc.nat(255),
        fc.uint8Array({ maxLength: 600 }),
        (at, byte, noise) => {
          const changed = Buffer.from(good);
          changed[at] = byte;
          decodeProxyHeader(changed, token);
          expect(decodeProxyHeader(Buffer.from(noise), token).kind).not.toBe("header");
          expect(decodeProxyHeader(Buffer.concat([good.subarray(0, 16), noise]), token).kind).not.toBe(
            "header",
          );
        },
      ),
      { numRuns: fuzzRuns(20_000), seed: fuzzSeed() },
    );
  });
});
