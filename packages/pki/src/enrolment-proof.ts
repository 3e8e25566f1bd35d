import { randomBytes } from "node:crypto";
import { canonicalJson } from "@rollcall/agent-protocol";
import { newSigningSeed, publicKeyOfSeed, signText, verifyText } from "./signing-key.ts";

/** What an enrolling agent signs with the token's seed: a recorded proof fits no other key, gateway or moment. */
export interface EnrolProofFacts {
  readonly tokenId: string;
  readonly csrSha256: string;
  readonly caSha256: string;
  readonly nonce: string;
  /** Epoch ms by the agent's clock. */
  readonly time: number;
}

/** A one-time right to enrol. `secret` goes into the onboarding file and nowhere else; `publicKey` into the database. */
export interface NewEnrolmentToken {
  readonly id: string;
  readonly secret: string;
  readonly publicKey: string;
}

const CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** Makes a token: an id of 80 random bits in 16 characters that can be read aloud, and an Ed25519 seed. */
export function newEnrolmentToken(): NewEnrolmentToken {
  let bits = BigInt(`0x${randomBytes(10).toString("hex")}`);
  let id = "";
  for (let index = 0; index < 16; index += 1) {
    id = (CROCKFORD[Number(bits & 31n)] ?? "") + id;
    bits >>= 5n;
  }
  const secret = newSigningSeed();
  return { id, secret, publicKey: publicKeyOfSeed(secret) };
}

export function enrolProof(secret: string, facts: EnrolProofFacts): string {
  return signText(secret, proofText(facts));
}

export function verifyEnrolProof(publicKey: string, facts: EnrolProofFacts, proof: string): boolean {
  return verifyText(publicKey, proofText(facts), proof);
}

function proofText(facts: EnrolProofFacts): string {
  return canonicalJson({
    token_id: facts.tokenId,
    csr_sha256: facts.csrSha256,
    ca_sha256: facts.caSha256,
    nonce: facts.nonce,
    time: facts.time,
  });
}
