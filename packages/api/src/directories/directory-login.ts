import type { TenantHandle } from "@rollcall/db";
import type { AuditedChange } from "../change.ts";
import { isOfItsDomain } from "../credentials/login-fault.ts";
import type { SealedFor } from "./sealed-password.ts";

/** Where a directory's login would be shown. */
export interface DirectoryPlace {
  readonly host: string;
  readonly tls: string;
  readonly dangerouslyTrustAnyCertificate: boolean;
}

export type UseCredentialOutcome =
  | { readonly kind: "fine" }
  | { readonly kind: "credential-not-found" }
  | { readonly kind: "password-needed" };

/**
 * Whether a directory may be read with a stored credential. A directory is shown the password itself: outside the login's
 * own domain, in clear or to whoever answers it is asked for again, so that nobody can have a stored password sent to a
 * server of theirs. What is typed then becomes the credential's password.
 */
export async function useCredential(
  change: {
    readonly tx: TenantHandle["tx"];
    readonly tenantId: string;
    readonly now: Date;
    record(change: AuditedChange): void;
  },
  credentialId: string,
  place: DirectoryPlace,
  typed: SealedFor | null,
): Promise<UseCredentialOutcome> {
  const { tx, tenantId, now, record } = change;
  const where = { tenantId_id: { tenantId, id: credentialId } };
  const credential = await tx.credential.findUnique({ where });
  if (credential === null) return { kind: "credential-not-found" };
  const staysInside =
    isOfItsDomain(place.host, credential) && place.tls !== "none" && !place.dangerouslyTrustAnyCertificate;
  if (!staysInside && typed === null) return { kind: "password-needed" };
  if (typed !== null) {
    await tx.credential.update({ where, data: { sealed: typed, setAt: now, updatedAt: now } });
    record({
      action: "credential.update",
      object: { kind: "credential", id: credentialId, name: credential.name },
      before: {},
      after: { password: "set" },
    });
  }
  return { kind: "fine" };
}
