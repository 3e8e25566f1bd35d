/** Bytes that `text` takes in UTF-8. A lone surrogate counts as the replacement character, as every encoder writes it. */
export function utf8Length(text: string): number {
  let bytes = text.length;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit < 0x80) continue;
    if (unit < 0x800) bytes += 1;
    else if (unit >= 0xd800 && unit <= 0xdbff && isLowSurrogate(text.charCodeAt(at + 1))) {
      bytes += 2;
      at += 1;
    } else bytes += 2;
  }
  return bytes;
}

/** The longest beginning of `text` that takes at most `maxBytes` and cuts no character in two. */
export function truncateUtf8(text: string, maxBytes: number): string {
  if (text.length * 3 <= maxBytes) return text;
  let bytes = 0;
  let end = 0;
  for (const character of text) {
    bytes += utf8Length(character);
    if (bytes > maxBytes) return text.slice(0, end);
    end += character.length;
  }
  return text;
}

/**
 * Decodes UTF-8, strictly.
 *
 * Errors: null for bytes that are not UTF-8 (overlong forms, surrogates, cut sequences).
 * Source: RFC 3629, section 4 (documented).
 */
export function decodeUtf8(bytes: Uint8Array): string | null {
  let encoded = "";
  for (const byte of bytes) encoded += `%${byte < 16 ? "0" : ""}${byte.toString(16)}`;
  try {
    return decodeURIComponent(encoded);
  } catch {
    return null;
  }
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}
