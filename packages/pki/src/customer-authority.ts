import { type Authority, createAuthority } from "./authority.ts";
import type { TenantCipher } from "./tenant-cipher.ts";

/** What is stored of a customer's SRX CA: `customer.srx_ca_cert_pem` and `customer.srx_ca_key_cipher`. */
export interface StoredAuthority {
  readonly certPem: string;
  readonly keyCipher: string;
}

/**
 * Makes a customer's SRX CA: the one certificate that the customer's firewalls trust, RSA with SHA-256 so that old
 * Junos can check it. The key is encrypted for this tenant and readable with the installation's keys only.
 */
export async function createCustomerAuthority(
  cipher: TenantCipher,
  customer: { readonly tenantId: string; readonly name: string; readonly now: number },
): Promise<StoredAuthority> {
  const authority = await createAuthority({
    commonName: `${customer.name.slice(0, 50)} SRX CA`,
    kind: "rsa2048",
    now: customer.now,
  });
  return {
    certPem: authority.certPem,
    keyCipher: cipher.encryptForTenant(authority.keyPem, placeOf(customer.tenantId)),
  };
}

/** Opens a stored SRX CA. Throws `DecryptError` where the ciphertext is another tenant's, changed, or of other keys. */
export function openCustomerAuthority(
  cipher: TenantCipher,
  customer: StoredAuthority & { readonly tenantId: string },
): Authority {
  return {
    certPem: customer.certPem,
    keyPem: cipher.decryptForTenant(customer.keyCipher, placeOf(customer.tenantId)),
  };
}

function placeOf(tenantId: string) {
  return { tenantId, table: "customer", column: "srx_ca_key_cipher", row: tenantId };
}
