import { randomBytes, timingSafeEqual } from "node:crypto";
import { AgentError } from "../agent-error.ts";
import { readStateFile } from "../enrolment/identity.ts";
import { writeFileAtomically } from "../state/atomic-file.ts";

const TOKEN = /^[A-Za-z0-9_-]{43}$/;

/**
 * The token that opens people's names on the status address: whoever can read the state folder may ask who is where.
 * Made at the first start, kept afterwards.
 */
export function openLocalToken(file: string): string {
  const found = readStateFile(file, "local-token")?.trim() ?? "";
  if (TOKEN.test(found)) return found;
  const token = randomBytes(32).toString("base64url");
  writeFileAtomically(file, `${token}\n`);
  return token;
}

/** Errors: `AgentError` "no-permission" where this user may not read it, "not-running" where no agent ever ran here. */
export function readLocalToken(file: string): string {
  const found = readStateFile(file, "no-permission")?.trim() ?? "";
  if (TOKEN.test(found)) return found;
  throw new AgentError("not-running", "No agent has run with this state folder.", {
    exit: "not-running",
    remedy: "Name the folder of the running agent with --state-dir.",
  });
}

export function isLocalToken(token: string, header: string | undefined): boolean {
  const given = Buffer.from(header ?? "");
  const expected = Buffer.from(`Bearer ${token}`);
  return given.length === expected.length && timingSafeEqual(given, expected);
}
