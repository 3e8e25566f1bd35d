import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";

/** Where a ciphertext stands. It is authenticated with it: moved to another row, column or tenant it does not decrypt. */
export interface CipherPlace {
  readonly tenantId: string;
  readonly table: string;
  readonly column: string;
  readonly row: string;
}

/** A stored value does not decrypt: another key, another place, or changed. */
export class DecryptError extends Error {
  readonly code = "decrypt-refused";
  readonly place: CipherPlace;
  constructor(place: CipherPlace, cause?: unknown) {
    super(`decrypt ${place.table}.${place.column} of row ${place.row}: wrong key, moved or changed`, {
      cause,
    });
    this.name = "DecryptError";
    this.place = place;
  }
}

export interface TenantCipher {
  encryptForTenant(plaintext: string, place: CipherPlace): string;
  /** Throws `DecryptError`. */
  decryptForTenant(stored: string, place: CipherPlace): string;
}

const IV_BYTES = 12;
const TAG_BYTES = 16;

/**
 * AES-256-GCM per value under a key of the tenant, derived from the installation's key-encryption key.
 * Stored form: `v1:<key id>:<iv>:<ciphertext>:<tag>`, base64url.
 */
export function createTenantCipher(kek: { readonly id: string; readonly key: Buffer }): TenantCipher {
  const keys = new Map<string, Buffer>();
  const keyOf = (tenantId: string): Buffer => {
    const known = keys.get(tenantId);
    if (known) return known;
    const derived = Buffer.from(hkdfSync("sha256", kek.key, tenantId, "rollcall/tenant-key/v1", 32));
    keys.set(tenantId, derived);
    return derived;
  };
  const boundTo = (place: CipherPlace) =>
    Buffer.from(JSON.stringify(["v1", place.tenantId, place.table, place.column, place.row, kek.id]), "utf8");
  return {
    encryptForTenant(plaintext, place) {
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv("aes-256-gcm", keyOf(place.tenantId), iv);
      cipher.setAAD(boundTo(place));
      const body = Buffer.concat([cipher.update(plaintext, "utf8"), cipher.final()]);
      return ["v1", kek.id, ...[iv, body, cipher.getAuthTag()].map((b) => b.toString("base64url"))].join(":");
    },
    decryptForTenant(stored, place) {
      const [version, keyId, iv, body, tag, ...rest] = stored.split(":");
      if (version !== "v1" || keyId !== kek.id || rest.length > 0) throw new DecryptError(place);
      try {
        const decipher = createDecipheriv(
          "aes-256-gcm",
          keyOf(place.tenantId),
          Buffer.from(iv ?? "", "base64url"),
          {
            authTagLength: TAG_BYTES,
          },
        );
        decipher.setAAD(boundTo(place));
        decipher.setAuthTag(Buffer.from(tag ?? "", "base64url"));
        return Buffer.concat([
          decipher.update(Buffer.from(body ?? "", "base64url")),
          decipher.final(),
        ]).toString("utf8");
      } catch (cause) {
        throw new DecryptError(place, cause);
      }
    },
  };
}
