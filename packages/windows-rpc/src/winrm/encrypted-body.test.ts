import { fuzzRuns, fuzzSeed } from "@rollcall/testkit";
import { describe, expect, it } from "vitest";
import { type SecurityContext, SecurityFault } from "../auth/security-context.ts";
import { decryptBody, EncryptedBodyFault, encryptBody, partsOf } from "./encrypted-body.ts";

/** A login that turns every bit and signs with the number of bytes: enough to see what was sealed. */
function plainContext(): SecurityContext {
  const turn = (body: Uint8Array): void => {
    for (const [at, byte] of body.entries()) body[at] = byte ^ 0xff;
  };
  return {
    authType: 10,
    start: async () => new Uint8Array(),
    next: async () => null,
    isEstablished: true,
    signatureLength: 16,
    seal({ header, body, trailer }) {
      expect(header.length + trailer.length).toBe(0);
      turn(body);
      return Buffer.alloc(16, body.length % 256);
    },
    unseal({ body }, token) {
      if (token[0] !== body.length % 256) throw new SecurityFault("the signature does not verify");
      turn(body);
    },
  };
}

describe("an encrypted message", () => {
  it("comes back as it was, whatever stands in it", () => {
    const text = "<s:Envelope>é --Encrypted Boundary-- \r\n</s:Envelope>";
    const body = encryptBody(text, plainContext());
    expect(body.toString("latin1")).not.toContain("Envelope");
    expect(decryptBody(body, plainContext())).toBe(text);
  });

  it("is written as Windows writes it", () => {
    const head = encryptBody("<a/>", plainContext()).toString("latin1").split("\x10\0\0\0")[0];
    expect(head).toBe(
      "--Encrypted Boundary\r\n\tContent-Type: application/HTTP-SPNEGO-session-encrypted\r\n" +
        "\tOriginalContent: type=application/soap+xml;charset=UTF-8;Length=4\r\n" +
        "--Encrypted Boundary\r\n\tContent-Type: application/octet-stream\r\n",
    );
  });

  it("is refused where it was changed, cut off, or is none", () => {
    const body = encryptBody("<a/>", plainContext());
    const changed = Buffer.from(body);
    const at = body.indexOf("\x10\0\0\0", 0, "latin1") + 4;
    changed[at] = 0;
    expect(() => decryptBody(changed, plainContext())).toThrow(SecurityFault);
    for (let length = 0; length < body.length - 2; length++)
      expect(() => decryptBody(body.subarray(0, length), plainContext()), `cut at ${length}`).toThrow(
        EncryptedBodyFault,
      );
    expect(() => decryptBody(Buffer.from("<s:Envelope/>"), plainContext())).toThrow(EncryptedBodyFault);
  });

  it("is refused where it is longer or shorter than it says", () => {
    const body = encryptBody("<a/>", plainContext()).toString("latin1").replace("Length=4", "Length=5");
    expect(() => decryptBody(Buffer.from(body, "latin1"), plainContext())).toThrow("another length");
  });

  const seed = fuzzSeed();
  it(`is read or refused, however it is spoilt (seed ${seed})`, () => {
    let state = seed >>> 0;
    const random = (): number => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state / 2 ** 32;
    };
    const whole = encryptBody("<s:Envelope/>", plainContext());
    for (let run = fuzzRuns(1_000_000); run > 0; run--) {
      const spoilt = Buffer.from(whole);
      for (let change = Math.ceil(random() * 3); change > 0; change--)
        spoilt[Math.floor(random() * spoilt.length)] = Math.floor(random() * 256);
      const from = random() < 0.1 ? Math.floor(random() * spoilt.length) : 0;
      try {
        const { token, cipher } = partsOf(spoilt.subarray(from));
        expect(token.length + cipher.length).toBeLessThanOrEqual(spoilt.length);
      } catch (error) {
        if (!(error instanceof EncryptedBodyFault)) throw error;
      }
    }
  });
});
