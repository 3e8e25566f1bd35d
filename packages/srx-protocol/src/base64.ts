const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const VALUE_OF = new Map<string, number>([...ALPHABET].map((letter, value) => [letter, value]));

/** Base64url without padding. Source: RFC 4648, section 5 (documented). */
export function toBase64Url(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 3) {
    const a = bytes[at] ?? 0;
    const b = bytes[at + 1] ?? 0;
    const c = bytes[at + 2] ?? 0;
    text += ALPHABET.charAt(a >> 2) + ALPHABET.charAt(((a & 3) << 4) | (b >> 4));
    if (at + 1 < bytes.length) text += ALPHABET.charAt(((b & 15) << 2) | (c >> 6));
    if (at + 2 < bytes.length) text += ALPHABET.charAt(c & 63);
  }
  return text;
}

/** Reads base64url without padding; null when `text` is not its one canonical spelling. */
export function fromBase64Url(text: string): Uint8Array | null {
  if (text.length % 4 === 1) return null;
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4));
  let bits = 0;
  let held = 0;
  let at = 0;
  for (const letter of text) {
    const value = VALUE_OF.get(letter);
    if (value === undefined) return null;
    bits = ((bits << 6) | value) & 0xffff;
    held += 6;
    if (held >= 8) {
      held -= 8;
      bytes[at++] = (bits >> held) & 0xff;
    }
  }
  // Left-over bits must be zero, else two texts would mean the same bytes.
  return (bits & ((1 << held) - 1)) === 0 ? bytes : null;
}

/** Reads ordinary base64 with or without padding (HTTP Basic); null when it is not base64. */
export function fromBase64(text: string): Uint8Array | null {
  const bare = text.endsWith("==") ? text.slice(0, -2) : text.endsWith("=") ? text.slice(0, -1) : text;
  if (bare.includes("-") || bare.includes("_")) return null;
  return fromBase64Url(bare.replaceAll("+", "-").replaceAll("/", "_"));
}
