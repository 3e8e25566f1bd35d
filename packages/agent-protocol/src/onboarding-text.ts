import { issueSentences } from "./issues.ts";
import { ONBOARDING_FILE_MAX_BYTES, type OnboardingFile, onboardingFile } from "./onboarding-file.ts";

/** What reading a file without checking its signature can say. */
export type ReadOnboarding =
  | { readonly kind: "read"; readonly file: OnboardingFile }
  | { readonly kind: "too-large"; readonly maxBytes: number }
  | { readonly kind: "not-json" }
  | { readonly kind: "other-version"; readonly version: unknown }
  | { readonly kind: "malformed"; readonly issues: readonly string[] }
  /** Right in content, but not written as the portal writes it: somebody changed it. */
  | { readonly kind: "altered" };

/** The one text of an onboarding file: fields in the schema's order, two spaces, no line end after the last brace. */
export function renderOnboardingFile(file: OnboardingFile): string {
  return JSON.stringify(onboardingFile.parse(file), null, 2);
}

/**
 * Reads an onboarding file's text. The signature is for `@rollcall/pki` to check.
 *
 * Shape:  the text must be the one that `renderOnboardingFile` gives, so that no byte can be changed unseen, not even
 *         outside the signed part. Windows line ends, a byte order mark and line ends after the last brace are
 *         allowed: mail and editors make them.
 * Errors: none thrown; each way to be wrong has its kind.
 */
export function readOnboardingText(text: string): ReadOnboarding {
  if (new TextEncoder().encode(text).length > ONBOARDING_FILE_MAX_BYTES)
    return { kind: "too-large", maxBytes: ONBOARDING_FILE_MAX_BYTES };
  const plain = text
    .replace(/^\uFEFF/, "")
    .replaceAll("\r\n", "\n")
    .replace(/\n+$/, "");
  let value: unknown;
  try {
    value = JSON.parse(plain);
  } catch {
    return { kind: "not-json" };
  }
  const version = versionOf(value);
  if (version !== undefined && version !== 1) return { kind: "other-version", version };
  const parsed = onboardingFile.safeParse(value);
  if (!parsed.success) return { kind: "malformed", issues: issueSentences(parsed.error) };
  return renderOnboardingFile(parsed.data) === plain
    ? { kind: "read", file: parsed.data }
    : { kind: "altered" };
}

function versionOf(value: unknown): unknown {
  if (typeof value !== "object" || value === null || !("payload" in value)) return undefined;
  const payload = value.payload;
  if (typeof payload !== "object" || payload === null || !("version" in payload)) return undefined;
  return "format" in payload && payload.format === "rollcall-onboarding" ? payload.version : undefined;
}
