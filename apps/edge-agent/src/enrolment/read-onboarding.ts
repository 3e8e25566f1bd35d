import { createPublicKey } from "node:crypto";
import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import { ONBOARDING_FILE_MAX_BYTES, type OnboardingPayload } from "@rollcall/agent-protocol";
import { verifyOnboarding } from "@rollcall/pki";
import { AgentError } from "../agent-error.ts";
import { isNodeError } from "../state/atomic-file.ts";

export interface CheckedOnboarding {
  readonly payload: OnboardingPayload;
  /** SHA-256 of the file-signing key: shown in the portal too. */
  readonly fileKeyFingerprint: string;
}

const NEW_FILE =
  "Download a new onboarding file from the portal: a file is good for one machine and one time.";

/** Reads at most one byte more than a file may have, however large it is. */
export function readOnboardingFile(file: string): Buffer {
  let handle: number;
  try {
    handle = openSync(file, "r");
  } catch (cause) {
    const code = isNodeError(cause) ? cause.code : "";
    const why =
      code === "ENOENT"
        ? "There is no such file"
        : code === "EACCES"
          ? "This user may not read the file"
          : "The file cannot be read";
    throw new AgentError("onboarding-unreadable", `${why}: ${file}.`, {
      cause,
      exit: code === "EACCES" ? "no-permission" : "invalid",
      remedy: "Check the path of the onboarding file.",
    });
  }
  try {
    const buffer = Buffer.alloc(ONBOARDING_FILE_MAX_BYTES + 1);
    let size = 0;
    for (;;) {
      const got = readSync(handle, buffer, size, buffer.length - size, null);
      size += got;
      if (got === 0 || size === buffer.length) return buffer.subarray(0, size);
    }
  } catch (cause) {
    throw new AgentError("onboarding-unreadable", `${file} cannot be read as a file.`, {
      cause,
      exit: "invalid",
    });
  } finally {
    closeSync(handle);
  }
}

/**
 * Checks an onboarding file before a word of it is believed: size, form, signature, authority, age.
 *
 * Shape:  `trustedFileKeys` (raw, base64url) where it is known who may sign; else the file's own key is taken on first
 *         use and its fingerprint must be shown.
 * Errors: `AgentError` with a sentence for each way to be wrong.
 */
export function checkOnboarding(
  bytes: Buffer,
  options: { readonly now: number; readonly trustedFileKeys?: readonly string[] },
): CheckedOnboarding {
  const text = decode(bytes);
  const verified = verifyOnboarding(text, options);
  switch (verified.kind) {
    case "verified":
      return { payload: verified.payload, fileKeyFingerprint: verified.fileKeyFingerprint };
    case "too-large":
      throw invalid(
        "onboarding-too-large",
        `The file is larger than ${verified.maxBytes} bytes: it is not an onboarding file.`,
      );
    case "not-json":
      throw invalid(
        "onboarding-truncated",
        text.trimStart().startsWith("{")
          ? "The onboarding file is cut off: its end is missing."
          : "This is not an onboarding file.",
      );
    case "other-version":
      throw invalid(
        "onboarding-version",
        `The onboarding file has version ${JSON.stringify(verified.version)}; this agent reads version 1.`,
        "Install the agent that the portal offers, then try again.",
      );
    case "malformed":
      throw invalid(
        "onboarding-malformed",
        `The onboarding file is not whole: ${verified.issues.join("; ")}.`,
      );
    case "altered":
      throw invalid(
        "onboarding-altered",
        "The onboarding file was changed after the portal signed it. It is refused.",
      );
    case "foreign-key":
      throw invalid(
        "onboarding-foreign",
        `The onboarding file is signed by a key that is not trusted here (fingerprint ${short(verified.fileKeyFingerprint)}).`,
        "Use a file of your own portal, or give its key with --trust trust.pem.",
      );
    case "expired":
      throw invalid(
        "onboarding-expired",
        `The onboarding file expired at ${verified.notAfter}; this machine's time is ${new Date(options.now).toISOString()}.`,
        "Download a new onboarding file. If the machine's time is wrong, set it right first.",
      );
  }
}

/**
 * Reads the keys that may sign onboarding files: PEM blocks of Ed25519 public keys.
 *
 * Errors: `AgentError` "trust-unreadable".
 */
export function readTrust(file: string): string[] {
  const wrong = (cause: unknown): AgentError =>
    new AgentError("trust-unreadable", `${file} does not hold Ed25519 public keys in PEM form.`, {
      cause,
      exit: "invalid",
      remedy: "Take trust.pem from the installer or from the portal's page Agents.",
    });
  try {
    const text = readFileSync(file, "utf8");
    const blocks = text.match(/-----BEGIN PUBLIC KEY-----[\s\S]+?-----END PUBLIC KEY-----/g) ?? [];
    const keys = blocks.map((block) => {
      const key = createPublicKey(block);
      if (key.asymmetricKeyType !== "ed25519") throw new Error(`a key of type ${key.asymmetricKeyType}`);
      return key.export({ format: "jwk" }).x ?? "";
    });
    if (keys.length === 0) throw new Error("no keys");
    return keys;
  } catch (cause) {
    throw wrong(cause);
  }
}

/** A fingerprint in groups that can be read aloud. */
export function short(fingerprint: string): string {
  return (fingerprint.slice(0, 32).match(/.{4}/g) ?? []).join(" ");
}

function decode(bytes: Buffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw invalid(
      "onboarding-not-text",
      "The file is not UTF-8 text: it is not an onboarding file, or it was changed.",
    );
  }
}

function invalid(code: string, message: string, remedy: string = NEW_FILE): AgentError {
  return new AgentError(code, message, { exit: "invalid", remedy });
}
