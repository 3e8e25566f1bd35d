import { describe, expect, it } from "vitest";
import { SecurityFault } from "../auth/security-context.ts";
import { NtlmAcceptor } from "../testing/ntlm-acceptor.ts";
import { md4 } from "./md4.ts";
import { createNtlmContext } from "./ntlm-context.ts";
import { clientChallengeBlob, directionKey, hmacMd5, ntlmV2Hash } from "./ntlm-keys.ts";
import { decodePairs, NTLM_FLAG, OFFERED_FLAGS, withoutMic } from "./ntlm-messages.ts";
import { NtlmSeal } from "./ntlm-seal.ts";
import { Rc4 } from "./rc4.ts";

const hex = (text: string) => Buffer.from(text.replaceAll(" ", ""), "hex");
const NOTHING = Buffer.alloc(0);

describe("the digests that OpenSSL no longer gives", () => {
  it("makes MD4 as RFC 1320 lists it", () => {
    const vectors: readonly (readonly [string, string])[] = [
      ["", "31d6cfe0d16ae931b73c59d7e0c089c0"],
      ["a", "bde52cb31de33e46245e05fbdbd6fb24"],
      ["abc", "a448017aaf21d8525fc10ae87aa6729d"],
      ["abcdefghijklmnopqrstuvwxyz", "d79e1c308aa5bbcdeea8ed63df412da9"],
      ["1234567890".repeat(8), "e33b4ddc9c38f2199c3e7b164fcc0536"],
    ];
    for (const [message, digest] of vectors) expect(md4(Buffer.from(message)).toString("hex")).toBe(digest);
  });

  it("makes RC4 as RFC 6229 lists it, also in pieces", () => {
    const rc4 = new Rc4(hex("0102030405060708090a0b0c0d0e0f10"));
    const first = rc4.of(Buffer.alloc(7));
    const rest = rc4.of(Buffer.alloc(25));
    expect(Buffer.concat([first, rest]).toString("hex")).toBe(
      "9ac7cc9a609d1ef7b2932899cde41b975248c4959014126a6e8a84f11d1a9e1c",
    );
  });
});

describe("NTLM version 2, by the example of [MS-NLMP] 4.2.4", () => {
  const serverChallenge = hex("0123456789abcdef");
  const pairs = hex("02000c0044006f006d00610069006e0001000c0053006500720076006500720000000000");
  const hash = ntlmV2Hash("User", "Domain", "Password");
  const blob = clientChallengeBlob({
    time: Buffer.alloc(8),
    clientChallenge: Buffer.alloc(8, 0xaa),
    pairs,
  });
  const proof = hmacMd5(hash, serverChallenge, blob);
  const sessionKey = Buffer.alloc(16, 0x55);

  it("answers the challenge and exchanges the key", () => {
    expect(hash.toString("hex")).toBe("0c868a403bfd7a93a3001ef22ef02e3f");
    expect(proof.toString("hex")).toBe("68cd0ab851e51c96aabc927bebef6a1c");
    const keyExchangeKey = hmacMd5(hash, proof);
    expect(keyExchangeKey.toString("hex")).toBe("8de40ccadbc14a82f15cb0ad0de95ca3");
    expect(new Rc4(keyExchangeKey).of(sessionKey).toString("hex")).toBe("c5dad2544fc9799094ce1ce90bc9d03e");
  });

  it("seals with the keys and the signature of the example", () => {
    expect(directionKey(sessionKey, "client-to-server", "sealing").toString("hex")).toBe(
      "59f600973cc4960a25480a7c196e4c58",
    );
    expect(directionKey(sessionKey, "client-to-server", "signing").toString("hex")).toBe(
      "4788dc861b4782f35d43fd98fe1a2d39",
    );
    const body = Buffer.from("Plaintext", "utf16le");
    const token = new NtlmSeal(sessionKey, "client-to-server").seal({
      header: NOTHING,
      body,
      trailer: NOTHING,
    });
    expect(body.toString("hex")).toBe("54e50165bf1936dc996020c1811b0f06fb5f");
    expect(token.toString("hex")).toBe("010000007fb38ec5c55d497600000000");
  });
});

describe("a login by NTLM", () => {
  const accounts = () => [{ user: "ana", password: "s3crét" }];

  async function messages(settings: { readonly flags?: number; readonly password?: string } = {}) {
    const client = createNtlmContext({
      user: "Ana",
      domain: "TEST",
      password: settings.password ?? "s3crét",
      targetName: "HOST/dc1",
    });
    const server = new NtlmAcceptor({ accounts, flags: settings.flags });
    const challenge = server.challenge(await client.start());
    return { client, server, challenge };
  }

  it("seals both ways, each message with the next number", async () => {
    const { client, server, challenge } = await messages();
    const last = await client.next(challenge);
    expect(server.authenticate(last ?? NOTHING)).toMatchObject({ kind: "accepted", user: "ana" });
    for (let round = 0; round < 3; round += 1) {
      const message = {
        header: Buffer.from("head"),
        body: Buffer.from("question"),
        trailer: Buffer.from("t"),
      };
      const token = client.seal(message);
      expect(message.body.toString()).not.toBe("question");
      server.unseal(message, token);
      expect(message.body.toString()).toBe("question");
      const back = server.seal(message);
      client.unseal(message, back);
      expect(message.body.toString()).toBe("question");
    }
  });

  it("refuses a server that would seal with less", async () => {
    for (const missing of ["extendedSession", "key128", "keyExchange", "seal"] as const) {
      const { client, challenge } = await messages({ flags: (OFFERED_FLAGS & ~NTLM_FLAG[missing]) >>> 0 });
      await expect(client.next(challenge), missing).rejects.toThrow(SecurityFault);
    }
  });

  it("notices a changed head, body or trailer, and an answer that is sent again", async () => {
    for (const part of ["header", "body", "trailer", "replay"] as const) {
      const { client, server, challenge } = await messages();
      server.authenticate((await client.next(challenge)) ?? NOTHING);
      const message = { header: Buffer.from("head"), body: Buffer.from("answer"), trailer: Buffer.from("t") };
      const token = server.seal(message);
      if (part === "replay") {
        const again = { ...message, body: Buffer.from(message.body) };
        client.unseal(message, token);
        expect(() => client.unseal(again, token)).toThrow(SecurityFault);
      } else {
        message[part][0] = (message[part][0] ?? 0) ^ 1;
        expect(() => client.unseal(message, token), part).toThrow(SecurityFault);
      }
    }
  });

  it("is noticed by its MIC when somebody changed its flags on the way", async () => {
    const { client, server, challenge } = await messages();
    const last = Buffer.from((await client.next(challenge)) ?? NOTHING);
    expect(withoutMic(last)).not.toEqual(last);
    last[64] = (last[64] ?? 0) ^ 1; // the version, which nothing else protects
    expect(server.authenticate(last)).toMatchObject({ kind: "refused", reason: "bad-mic" });
  });

  it("refuses a wrong password", async () => {
    const { client, server, challenge } = await messages({ password: "secret" });
    expect(server.authenticate((await client.next(challenge)) ?? NOTHING)).toMatchObject({
      reason: "wrong-password",
    });
  });

  it("takes target information that has no end for none", () => {
    expect(() => decodePairs(hex("02000400410042"))).toThrow(SecurityFault);
    expect(() => decodePairs(hex("0200020041000100"))).toThrow(SecurityFault);
    expect(decodePairs(NOTHING)).toEqual([]);
  });
});
