import { createHash, createHmac } from "node:crypto";
import { md4 } from "./md4.ts";
import { wide } from "./ntlm-messages.ts";

export function hmacMd5(key: Uint8Array, ...parts: readonly Uint8Array[]): Buffer {
  const hmac = createHmac("md5", key);
  for (const part of parts) hmac.update(part);
  return hmac.digest();
}

/** Source: [MS-NLMP] 3.3.2, NTOWFv2 (documented), with its vector of 4.2.4.1.1. */
export function ntlmV2Hash(user: string, domain: string, password: string): Buffer {
  return hmacMd5(md4(wide(password)), wide(user.toUpperCase() + domain));
}

/** What of the response to a challenge is hashed. Source: [MS-NLMP] 2.2.2.7 (documented). */
export function clientChallengeBlob(parts: {
  readonly time: Uint8Array;
  readonly clientChallenge: Uint8Array;
  readonly pairs: Uint8Array;
}): Buffer {
  return Buffer.concat([
    Buffer.from([1, 1, 0, 0, 0, 0, 0, 0]),
    parts.time,
    parts.clientChallenge,
    Buffer.alloc(4),
    parts.pairs,
    Buffer.alloc(4),
  ]);
}

export type Direction = "client-to-server" | "server-to-client";

/** Source: [MS-NLMP] 3.4.5.2 and 3.4.5.3 with 128-bit keys (documented). */
export function directionKey(
  sessionKey: Uint8Array,
  direction: Direction,
  use: "signing" | "sealing",
): Buffer {
  const magic = `session key to ${direction} ${use} key magic constant\0`;
  return createHash("md5").update(sessionKey).update(magic, "latin1").digest();
}
