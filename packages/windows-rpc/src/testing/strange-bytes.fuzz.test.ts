import { fuzzRuns, fuzzSeed, randomOf } from "@rollcall/testkit";
import { describe, expect, it } from "vitest";
import { SecurityFault } from "../auth/security-context.ts";
import {
  decodePdu,
  encodeBind,
  encodeBindAnswer,
  encodeCallHead,
  encodeFault,
  PduFault,
} from "../dcerpc/pdu.ts";
import { PduSplitter } from "../dcerpc/pdu-splitter.ts";
import {
  decodeMapAnswer,
  decodeMapRequest,
  encodeMapAnswer,
  encodeMapRequest,
} from "../endpoint-mapper/map-call.ts";
import { encrypt } from "../kerberos/aes-cts.ts";
import { field, integer, octets, sequence, tagged, text, time } from "../kerberos/der.ts";
import { GssSeal } from "../kerberos/gss-seal.ts";
import {
  decodeApReply,
  decodeApReplyPart,
  decodeError,
  decodeEtypes,
  decodeKdcReply,
  decodeReplyPart,
  encodeApReply,
} from "../kerberos/kerberos-messages.ts";
import { NdrFault, NdrWriter } from "../ndr/index.ts";
import {
  AV,
  decodeAuthenticate,
  decodeChallenge,
  decodeNegotiate,
  encodeAuthenticate,
  encodeChallenge,
  encodeNegotiate,
  OFFERED_FLAGS,
  wide,
} from "../ntlm/ntlm-messages.ts";
import { readEnumerated, readHandle, readSid } from "../samr/index.ts";
import { decodeAnswer } from "../spnego/spnego-tokens.ts";
import { spoil } from "./spoil.ts";

const seed = fuzzSeed();
const SAMR = { uuid: "12345778-1234-abcd-ef00-0123456789ac", version: "1.0" };
const KEY = { etype: 18, bytes: Buffer.alloc(32, 7) };

/** What a decoder of a stranger's bytes may throw; anything else is a bug. */
const FAULTS = [NdrFault, PduFault, SecurityFault];

/** Feeds spoilt samples to a decoder. Some must still be read, else only the first check was tried. */
function strain(name: string, samples: readonly Uint8Array[], decode: (bytes: Buffer) => unknown): void {
  it(`${name} (seed ${seed})`, () => {
    for (const sample of samples) decode(Buffer.from(sample));
    const random = randomOf(seed);
    let read = 0;
    for (let run = fuzzRuns(1_000_000); run > 0; run -= 1) {
      const sample = samples[Math.floor(random() * samples.length)] ?? Buffer.alloc(0);
      const bytes = spoil(sample, random);
      try {
        decode(bytes);
        read += 1;
      } catch (error) {
        if (!FAULTS.some((fault) => error instanceof fault))
          throw new Error(`bytes ${bytes.toString("hex")}`, { cause: error });
      }
    }
    expect(read).toBeGreaterThan(0);
  });
}

const bind = encodeBind({
  kind: "bind",
  callId: 1,
  interface: SAMR,
  contextId: 0,
  isHeaderSigned: true,
  auth: { type: 10, token: encodeNegotiate(OFFERED_FLAGS) },
});
const bindAnswer = encodeBindAnswer({
  kind: "bind-ack",
  callId: 1,
  group: 7,
  address: "49154",
  fragmentBytes: 4280,
  results: [{ result: 0, reason: 0 }],
  isHeaderSigned: true,
  auth: { type: 10, token: Buffer.alloc(24) },
});
const call = (type: "request" | "response") =>
  Buffer.concat([
    encodeCallHead({
      type,
      flags: 3,
      callId: 2,
      contextId: 0,
      opnum: 5,
      objectUuid: type === "request" ? SAMR.uuid : null,
      stubBytes: 8,
      bodyBytes: 16,
      tokenBytes: 16,
    }),
    Buffer.alloc(16),
    Buffer.from([10, 6, 8, 0, 1, 0, 0, 0]),
    Buffer.alloc(16),
  ]);
const pdus = [bind, bindAnswer, call("request"), call("response"), encodeFault(3, 0, 5)];

describe("strange bytes are read or refused, and nothing else happens", () => {
  strain("PDUs", pdus, decodePdu);

  it(`streams of PDUs, cut anywhere (seed ${seed})`, () => {
    const random = randomOf(seed);
    const stream = Buffer.concat(pdus);
    for (let run = fuzzRuns(1_000_000); run > 0; run -= 1) {
      const splitter = new PduSplitter();
      const found: Buffer[] = [];
      for (let at = 0; at < stream.length; ) {
        const end = at + 1 + Math.floor(random() ** 2 * 200);
        found.push(...splitter.push(stream.subarray(at, end)));
        at = end;
      }
      if (found.length !== pdus.length || splitter.isInside) throw new Error("PDUs lost");
      found.forEach((pdu, n) => {
        if (!pdu.equals(pdus[n] ?? Buffer.alloc(0))) throw new Error("a PDU changed");
      });
    }
  });

  const tower = { interface: SAMR, port: 49_154 };
  strain(
    "answers of the endpoint mapper",
    [encodeMapAnswer([tower, tower], 4, 0), encodeMapAnswer([], 4, 1)],
    decodeMapAnswer,
  );
  strain("questions to the endpoint mapper", [encodeMapRequest(SAMR)], decodeMapRequest);

  const names = new NdrWriter().u32(2).pointer().u32(2).pointer().u32(2);
  names.u32(500).u16(6).u16(6).pointer().u32(501).u16(10).u16(10).pointer();
  names.text("Ana").text("Guest").u32(2).u32(0);
  strain("lists of the account database", [names.done()], readEnumerated);
  strain("handles", [new NdrWriter().contextHandle(Buffer.alloc(20, 3)).u32(0).done()], readHandle);
  strain("SIDs", [new NdrWriter().pointer().u32(4).bytes(Buffer.alloc(24, 1)).u32(0).done()], readSid);

  const challenge = encodeChallenge({
    flags: OFFERED_FLAGS,
    serverChallenge: Buffer.alloc(8, 1),
    targetName: "CORP",
    pairs: [
      { id: AV.domain, value: wide("CORP") },
      { id: AV.timestamp, value: Buffer.alloc(8, 2) },
    ],
  });
  const authenticate = encodeAuthenticate({
    flags: OFFERED_FLAGS,
    lmResponse: Buffer.alloc(24),
    ntResponse: Buffer.alloc(80, 4),
    domain: "CORP",
    user: "ana",
    workstation: "",
    encryptedKey: Buffer.alloc(16, 5),
    mic: Buffer.alloc(16),
  });
  strain("challenges of NTLM", [challenge], decodeChallenge);
  strain("NTLM of clients", [authenticate], decodeAuthenticate);
  strain("first messages of NTLM", [encodeNegotiate(OFFERED_FLAGS)], decodeNegotiate);

  const name = (...parts: string[]) => sequence(field(0, integer(2)), field(1, sequence(...parts.map(text))));
  const encrypted = sequence(field(0, integer(18)), field(2, octets(encrypt(KEY, 3, Buffer.alloc(50)))));
  const etypes = sequence(
    sequence(
      field(1, integer(19)),
      field(2, octets(sequence(sequence(field(0, integer(18)), field(1, text("REALMana")))))),
    ),
  );
  const error = tagged(
    0x7e,
    sequence(
      field(0, integer(5)),
      field(1, integer(30)),
      field(4, time(1_700_000_000_000)),
      field(5, integer(1)),
      field(6, integer(25)),
      field(9, text("REALM")),
      field(10, name("krbtgt", "REALM")),
      field(12, octets(etypes)),
    ),
  );
  const reply = tagged(
    0x6b,
    sequence(
      field(0, integer(5)),
      field(1, integer(11)),
      field(2, etypes),
      field(3, text("REALM")),
      field(4, name("ana")),
      field(5, tagged(0x61, sequence(field(0, integer(5))))),
      field(6, encrypted),
    ),
  );
  const part = tagged(
    0x79,
    sequence(
      field(0, sequence(field(0, integer(18)), field(1, octets(KEY.bytes)))),
      field(2, integer(12_345)),
      field(5, time(1_700_000_000_000)),
      field(7, time(1_700_000_000_000)),
      field(9, text("REALM")),
      field(10, name("krbtgt", "REALM")),
    ),
  );
  const proof = tagged(
    0x7b,
    sequence(
      field(0, time(1_700_000_000_000)),
      field(1, integer(99)),
      field(2, sequence(field(0, integer(18)), field(1, octets(KEY.bytes)))),
      field(3, integer(0x7000_0000)),
    ),
  );
  strain("errors of Kerberos", [error], decodeError);
  strain("key types of Kerberos", [etypes], decodeEtypes);
  strain("replies of Kerberos", [reply], (bytes) => decodeKdcReply(bytes, 11));
  strain("parts of replies of Kerberos", [part], decodeReplyPart);
  strain("proofs of Kerberos servers", [encodeApReply(KEY, 1_700_000_000_000, 5)], decodeApReply);
  strain("parts of proofs of Kerberos servers", [proof], decodeApReplyPart);

  const negotiation = tagged(
    0xa1,
    sequence(
      field(0, tagged(0x0a, Buffer.of(1))),
      field(1, Buffer.from("06092a864882f712010202", "hex")),
      field(2, octets(Buffer.alloc(40))),
      field(3, octets(Buffer.alloc(28))),
    ),
  );
  strain("answers of SPNEGO", [negotiation], decodeAnswer);

  it(`sealed messages of Kerberos (seed ${seed})`, () => {
    const random = randomOf(seed);
    const settings = { key: KEY, isAcceptorSubkey: true, isDceStyle: true, ownSequence: 0, peerSequence: 0 };
    const seal = new GssSeal(settings);
    const head = Buffer.from("0504 07ff 0010 001c 0000000000000000".replaceAll(" ", ""), "hex");
    const token = Buffer.concat([head, Buffer.alloc(60, 9)]);
    for (let run = fuzzRuns(1_000_000); run > 0; run -= 1) {
      const message = {
        header: Buffer.alloc(0),
        body: spoil(Buffer.alloc(32), random),
        trailer: Buffer.alloc(0),
      };
      let isTaken = true;
      try {
        seal.unseal(message, spoil(token, random));
      } catch (error) {
        if (!(error instanceof SecurityFault)) throw error;
        isTaken = false;
      }
      if (isTaken) throw new Error("bytes that nobody sealed were taken");
    }
  });
});
