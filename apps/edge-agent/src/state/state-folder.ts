import { mkdirSync, statSync } from "node:fs";
import path from "node:path";
import { AgentError } from "../agent-error.ts";
import { isNodeError, removeDrafts } from "./atomic-file.ts";

/** Where each thing of one agent lies. All of it is this agent's own; nothing else may write there. */
export interface StateFolder {
  readonly folder: string;
  readonly identity: string;
  readonly enrolmentDraft: string;
  readonly store: string;
  /** What firewalls that are posted to were told. */
  readonly push: string;
  readonly responder: string;
  readonly firewallTls: string;
  /** Lets `who` ask the running agent for names. */
  readonly localToken: string;
  readonly ownAuthority: string;
  /** Public: the CA a firewall must be given when the agent runs by itself. */
  readonly ownAuthorityCertificate: string;
}

export function stateFolderAt(folder: string): StateFolder {
  return {
    folder,
    identity: path.join(folder, "identity.json"),
    enrolmentDraft: path.join(folder, "enrolment.json"),
    store: path.join(folder, "store.db"),
    push: path.join(folder, "push.db"),
    responder: path.join(folder, "responder.json"),
    firewallTls: path.join(folder, "firewall-tls.json"),
    localToken: path.join(folder, "local-token"),
    ownAuthority: path.join(folder, "own-authority.json"),
    ownAuthorityCertificate: path.join(folder, "own-authority.pem"),
  };
}

/**
 * Makes the state folder where it is missing and checks that only this user may look into it.
 *
 * Errors: `AgentError` "state-folder" with one sentence: cannot be made, is no folder, may be read by others.
 */
export function openStateFolder(folder: string): StateFolder {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (cause) {
    const code = isNodeError(cause) ? cause.code : "unknown fault";
    if (code === "EEXIST" || code === "ENOTDIR") throw notAFolder(folder, cause);
    throw new AgentError("state-folder", `The state folder ${folder} cannot be made (${code}).`, {
      cause,
      exit: code === "EACCES" || code === "EPERM" ? "no-permission" : "failed",
      remedy: "Name another one with --state-dir, or run as a user who may write there.",
    });
  }
  const found = statSync(folder);
  if (!found.isDirectory()) throw notAFolder(folder);
  if (process.platform !== "win32" && (found.mode & 0o077) !== 0) {
    const mode = (found.mode & 0o777).toString(8);
    throw new AgentError(
      "state-folder",
      `Other users may look into the state folder ${folder} (mode ${mode}).`,
      {
        exit: "no-permission",
        remedy: `Run: chmod 700 ${folder}`,
      },
    );
  }
  removeDrafts(folder);
  return stateFolderAt(folder);
}

function notAFolder(folder: string, cause?: unknown): AgentError {
  return new AgentError("state-folder", `${folder} is a file, not a folder.`, {
    cause,
    remedy: "Name the agent's state folder with --state-dir.",
  });
}
