import { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from "@hpke/core";
import { exactBytes } from "./signing-key.ts";

const suite = new CipherSuite({
  kem: new DhkemX25519HkdfSha256(),
  kdf: new HkdfSha256(),
  aead: new Aes256Gcm(),
});
const INFO = new TextEncoder().encode("rollcall/sealed-secret/v1");
const VERSION = 1;
const KEY_BYTES = 32;

/** Both halves raw, base64url. The private half never leaves the agent. */
export interface SealingKey {
  readonly publicKey: string;
  readonly privateKey: string;
}

/** Whom a secret is sealed for. It is bound into the ciphertext: moved to another agent's or tenant's row it does not open. */
export interface SealedFor {
  readonly tenantId: string;
  readonly agentId: string;
}

export type Opened =
  | { readonly kind: "opened"; readonly plaintext: string }
  | { readonly kind: "refused"; readonly reason: string };

export async function generateSealingKey(): Promise<SealingKey> {
  const pair = await suite.kem.generateKeyPair();
  return {
    publicKey: base64url(await suite.kem.serializePublicKey(pair.publicKey)),
    privateKey: base64url(await suite.kem.serializePrivateKey(pair.privateKey)),
  };
}

/** True for 32 bytes in base64url that are a usable X25519 public key. */
export function isSealingPublicKey(text: string): boolean {
  const bytes = exactBytes(text, KEY_BYTES);
  return bytes?.some((byte) => byte !== 0) ?? false;
}

/**
 * Seals a text so that only the holder of the agent's sealing key can read it.
 *
 * Shape:  base64url of: version 1, encapsulated key (32 bytes), AES-256-GCM ciphertext with its tag.
 * Errors: throws for a public key that is none.
 * Source: RFC 9180, base mode, DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM (documented).
 */
export async function seal(
  plaintext: string,
  recipient: SealedFor & { readonly publicKey: string },
): Promise<string> {
  const raw = exactBytes(recipient.publicKey, KEY_BYTES);
  if (!raw) throw new Error("seal secret: the agent's sealing key is not 32 bytes in base64url");
  const sender = await suite.createSenderContext({
    recipientPublicKey: await suite.kem.deserializePublicKey(toArrayBuffer(raw)),
    info: toArrayBuffer(INFO),
  });
  const sealed = await sender.seal(
    toArrayBuffer(new TextEncoder().encode(plaintext)),
    toArrayBuffer(boundTo(recipient)),
  );
  return Buffer.concat([Buffer.of(VERSION), Buffer.from(sender.enc), Buffer.from(sealed)]).toString(
    "base64url",
  );
}

/** Opens what was sealed for this agent; `refused` for another agent's, a changed or a cut ciphertext. */
export async function open(
  ciphertext: string,
  recipient: SealedFor & { readonly privateKey: string },
): Promise<Opened> {
  const bytes = Buffer.from(ciphertext, "base64url");
  if (bytes[0] !== VERSION) return { kind: "refused", reason: "sealed by a later version of Rollcall" };
  const raw = exactBytes(recipient.privateKey, KEY_BYTES);
  if (!raw) throw new Error("open sealed secret: the sealing key is not 32 bytes in base64url");
  try {
    const context = await suite.createRecipientContext({
      recipientKey: await suite.kem.deserializePrivateKey(toArrayBuffer(raw)),
      enc: toArrayBuffer(bytes.subarray(1, 1 + KEY_BYTES)),
      info: toArrayBuffer(INFO),
    });
    const opened = await context.open(
      toArrayBuffer(bytes.subarray(1 + KEY_BYTES)),
      toArrayBuffer(boundTo(recipient)),
    );
    return { kind: "opened", plaintext: new TextDecoder().decode(opened) };
  } catch {
    return { kind: "refused", reason: "not sealed for this agent, or changed since" };
  }
}

function boundTo(recipient: SealedFor): Uint8Array {
  return new TextEncoder().encode(`${recipient.tenantId.toLowerCase()}|${recipient.agentId.toLowerCase()}`);
}

function base64url(buffer: ArrayBuffer): string {
  return Buffer.from(buffer).toString("base64url");
}

function toArrayBuffer(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}
