import { z } from "zod";

/** Of anything that a configuration lists. */
export const id = z
  .string()
  .min(1)
  .max(64)
  .describe("Its own id, unique in this configuration; never shown to a firewall.");
/** Addresses, as people write them. */
export const cidr = z
  .string()
  .min(1)
  .max(100)
  .describe("An address, a CIDR prefix or a range a-b; IPv4 or IPv6.");

/** A password or the like: sealed to the agent's sealing key (from the portal), or read from a local file. Never plain text in the configuration. */
export const secretRef = z.union([
  z.strictObject({
    sealed: z
      .array(z.strictObject({ agentId: z.string(), ciphertext: z.string() }))
      .describe("HPKE ciphertexts, one per agent of the site, base64url."),
  }),
  z.strictObject({
    file: z.string().describe("Path of a file that holds the secret and nothing else; mode 0600."),
  }),
]);
export type SecretRef = z.infer<typeof secretRef>;
