import { createHash, createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from "node:crypto";
import { promisify } from "node:util";
import type * as x509 from "./x509.ts";

const generate = promisify(generateKeyPair);

/** `p256` for everything of ours; `rsa2048` where a firewall of old Junos must be able to check it. */
export type KeyKind = "p256" | "rsa2048";

export const signingAlgorithm = {
  p256: { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" },
  rsa2048: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
} as const;

/** Makes a private key, PKCS #8 PEM. RSA takes some hundred milliseconds, off the main thread. */
export async function newPrivateKeyPem(kind: KeyKind): Promise<string> {
  const pair =
    kind === "p256"
      ? await generate("ec", { namedCurve: "P-256" })
      : await generate("rsa", { modulusLength: 2048, publicExponent: 65_537 });
  return pair.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
}

/** Says which of our two kinds a key is; null for any other key (RSA of 1024 bits, P-192, Ed25519, …). */
export function keyKindOf(key: KeyObject): KeyKind | null {
  const details = key.asymmetricKeyDetails;
  if (key.asymmetricKeyType === "ec" && details?.namedCurve === "prime256v1") return "p256";
  if (key.asymmetricKeyType === "rsa" && details?.modulusLength === 2048) return "rsa2048";
  return null;
}

/** Both halves of a PEM private key as WebCrypto keys for the certificate library. Throws for a key of another kind. */
export function webKeysOf(privateKeyPem: string) {
  const privateKey = createPrivateKey(privateKeyPem);
  const publicKey = createPublicKey(privateKey);
  const kind = keyKindOf(privateKey);
  if (!kind) throw new Error("use private key: neither P-256 nor RSA of 2048 bits");
  const algorithm = signingAlgorithm[kind];
  return {
    kind,
    algorithm,
    privateKey: webKeyOf(privateKey, algorithm, ["sign"]),
    publicKey: webKeyOf(publicKey, algorithm, ["verify"]),
  };
}

type SelfSigned = Parameters<typeof x509.X509CertificateGenerator.createSelfSigned>[0];
/** As the certificate library names it: its type is the browser's, Node's own differs in name only. */
type WebKey = Extract<SelfSigned, { keys: unknown }>["keys"]["publicKey"];

export function webKeyOf(
  key: KeyObject,
  algorithm: (typeof signingAlgorithm)[KeyKind],
  usages: ("sign" | "verify")[],
): WebKey {
  return key.toCryptoKey(algorithm, true, usages) as unknown as WebKey;
}

/** SHA-256 of the DER of the public key (SubjectPublicKeyInfo), lower case hex. Takes a public key, private key or certificate PEM. */
export function spkiSha256(pem: string): string {
  const der = createPublicKey(pem).export({ type: "spki", format: "der" });
  return createHash("sha256").update(der).digest("hex");
}
