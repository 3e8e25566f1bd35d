import { readFileSync } from "node:fs";
import { z } from "zod";
import { AgentError } from "../agent-error.ts";
import { isNodeError, writeFileAtomically } from "../state/atomic-file.ts";

const IDENTITY_BYTES_MAX = 262_144;

const certificate = z.strictObject({ keyPem: z.string().min(1), certificatePem: z.string().min(1) });

/** Who this agent is: all of it in one file, so that it changes whole or not at all. */
export const identityFile = z.strictObject({
  format: z.literal("rollcall-identity"),
  version: z.literal(1),
  agentId: z.uuid(),
  agentName: z.string(),
  tenant: z.strictObject({ id: z.uuid(), name: z.string() }),
  site: z.strictObject({ id: z.uuid(), name: z.string() }),
  streamUrl: z.url(),
  /** The installation's CA: pinned, and what our own certificate was issued by. */
  caPem: z.string().min(1),
  caSha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** Raw Ed25519 key that signed the onboarding file: trusted from the first use on. */
  fileKey: z.string(),
  /** The token that was spent: tells a repeated enrolment from a new one. */
  tokenId: z.string(),
  enrolledAt: z.number().int(),
  current: certificate,
  /** A renewed certificate that was received and not yet used: the first use makes it the current one. */
  next: certificate.nullable(),
  sealing: z.strictObject({ publicKey: z.string().min(1), privateKey: z.string().min(1) }),
});
export type Identity = z.infer<typeof identityFile>;

/**
 * Reads who this agent is; null where it has not been enrolled.
 *
 * Errors: `AgentError` "identity-unreadable": a file that is damaged is never replaced, because the key in it is the
 *         only one the cloud knows.
 */
export function readIdentity(file: string): Identity | null {
  const text = readStateFile(file, "identity-unreadable");
  if (text === null) return null;
  const parsed = identityFile.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  throw new AgentError("identity-unreadable", `${file} does not hold a whole identity.`, {
    remedy:
      "Bring it back from a backup, or move it away and enrol this machine again with a new onboarding file.",
  });
}

export function writeIdentity(file: string, identity: Identity): void {
  writeFileAtomically(file, `${JSON.stringify(identity, null, 2)}\n`);
}

/** A file of the state folder as text; null where it is missing. */
export function readStateFile(file: string, code: string): string | null {
  try {
    const bytes = readFileSync(file);
    if (bytes.length <= IDENTITY_BYTES_MAX) return bytes.toString("utf8");
  } catch (cause) {
    if (isNodeError(cause) && cause.code === "ENOENT") return null;
    throw new AgentError(code, `${file} cannot be read.`, {
      cause,
      exit: isNodeError(cause) && cause.code === "EACCES" ? "no-permission" : "failed",
      remedy: "Run as the user that owns the state folder.",
    });
  }
  throw new AgentError(code, `${file} is too large to be the agent's own.`, {});
}

/** The value of a JSON text, or undefined: what is wrong with it must not be quoted, it may be a key. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
