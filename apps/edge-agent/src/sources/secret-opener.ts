import { readFileSync, statSync } from "node:fs";
import path from "node:path";
import type { SecretRef } from "@rollcall/agent-protocol";
import { Secret } from "@rollcall/config";
import { open as openSealed } from "@rollcall/pki";
import type { Identity } from "../enrolment/identity.ts";

export type OpenedSecret =
  | { readonly kind: "opened"; readonly secret: Secret }
  | { readonly kind: "refused"; readonly sentence: string };

export interface SecretContext {
  /** Whom secrets are sealed to; null where the agent is not enrolled. */
  readonly identity: Identity | null;
  /** Folder of the local file, where the reference stands in it; null where it came from the portal. */
  readonly baseFolder: string | null;
}

/**
 * Opens the secret that a configuration refers to.
 *
 * Shape:  a file may be named by the local configuration only: else the portal could have any file of this machine
 *         sent to a server of its choice.
 * Errors: `refused` with a sentence; nothing is thrown and no secret is in a sentence.
 */
export async function openSecret(reference: SecretRef, context: SecretContext): Promise<OpenedSecret> {
  if ("file" in reference) return readSecretFile(reference.file, context.baseFolder);
  const { identity } = context;
  if (identity === null)
    return refused("The password is sealed for an enrolled agent, and this one is not enrolled.");
  const mine = reference.sealed.find((one) => one.agentId.toLowerCase() === identity.agentId.toLowerCase());
  if (mine === undefined)
    return refused("The password was not sealed for this agent: type it again in the portal.");
  const opened = await openSealed(mine.ciphertext, {
    tenantId: identity.tenant.id,
    agentId: identity.agentId,
    privateKey: identity.sealing.privateKey,
  });
  return opened.kind === "opened"
    ? { kind: "opened", secret: new Secret(opened.plaintext) }
    : refused(`The password cannot be opened (${opened.reason}): type it again in the portal.`);
}

function readSecretFile(file: string, baseFolder: string | null): OpenedSecret {
  if (baseFolder === null)
    return refused("A password file may only be named in the agent's own configuration file.");
  const full = path.resolve(baseFolder, file);
  try {
    if (process.platform !== "win32" && (statSync(full).mode & 0o077) !== 0)
      return refused(`Other users may read the password file ${full}: run chmod 600 on it.`);
    const text = readFileSync(full, "utf8").replace(/\r?\n$/, "");
    return text === ""
      ? refused(`The password file ${full} is empty.`)
      : { kind: "opened", secret: new Secret(text) };
  } catch (error) {
    return refused(
      `The password file ${full} cannot be read: ${error instanceof Error ? error.message : String(error)}.`,
    );
  }
}

function refused(sentence: string): OpenedSecret {
  return { kind: "refused", sentence };
}
