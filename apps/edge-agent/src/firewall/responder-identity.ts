import { createHmac, randomBytes } from "node:crypto";
import { z } from "zod";
import { AgentError } from "../agent-error.ts";
import { parseJson, readStateFile } from "../enrolment/identity.ts";
import { writeFileAtomically } from "../state/atomic-file.ts";

const responderFile = z.strictObject({
  format: z.literal("rollcall-responder"),
  version: z.literal(1),
  issuer: z.string().regex(/^[0-9a-f]{16}$/),
  cursorKey: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
});

/** As whom this agent numbers its table and signs the cursors it hands to firewalls. */
export interface ResponderIdentity {
  /** 8 bytes as 16 hex digits. */
  readonly issuer: string;
  cursorMac(bytes: Uint8Array): Uint8Array;
}

/**
 * Reads the agent's issuer id and cursor key, and makes them at the first start. They are made on site and never leave.
 *
 * Errors: `AgentError` "responder-unreadable" for a damaged file.
 */
export function openResponderIdentity(file: string): ResponderIdentity {
  const text = readStateFile(file, "responder-unreadable");
  const found = text === null ? make(file) : responderFile.safeParse(parseJson(text)).data;
  if (found === undefined) {
    throw new AgentError("responder-unreadable", `${file} is damaged.`, {
      remedy: "Move it away: a new one is made, and firewalls are sent the whole table once.",
    });
  }
  const key = Buffer.from(found.cursorKey, "base64url");
  return {
    issuer: found.issuer,
    cursorMac: (bytes) => new Uint8Array(createHmac("sha256", key).update(bytes).digest()),
  };
}

function make(file: string): z.infer<typeof responderFile> {
  const made = {
    format: "rollcall-responder" as const,
    version: 1 as const,
    issuer: randomBytes(8).toString("hex"),
    cursorKey: randomBytes(32).toString("base64url"),
  };
  writeFileAtomically(file, `${JSON.stringify(made, null, 2)}\n`);
  return made;
}
