export interface MessageText {
  readonly text: string;
  /** Characters that no XML may hold, taken out. */
  readonly sanitised: number;
  /** Whether it was written as UTF-16: it is answered as it was written. */
  readonly isUtf16: boolean;
}

/** What XML 1.0 may not hold, of what is left once a decoder has put U+FFFD for broken surrogates. Source: XML 1.0, 2.2 (documented). */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the very characters that are meant
const ILLEGAL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;
const REFERENCE = /&#(?:x([0-9a-fA-F]{1,8})|([0-9]{1,10}));/g;
const REPLACEMENT = "\ufffd";

/**
 * Reads the bytes of a message as text: UTF-16 or UTF-8 by its mark, without one by what the content type says.
 *
 * Errors: none thrown: what cannot be read becomes U+FFFD.
 * Source: DSP0226 13.1 (documented); Windows sends UTF-16 LE with a mark, and events with characters such as 0x05 (captured).
 */
export function readMessageText(bytes: Uint8Array, contentType: string): MessageText {
  const [encoding, skip] = encodingOf(bytes, contentType);
  const decoded = new TextDecoder(encoding).decode(bytes.subarray(skip));
  const { text, sanitised } = sanitise(decoded);
  return { text, sanitised, isUtf16: encoding !== "utf-8" };
}

/** Puts U+FFFD for each character that no XML may hold. */
export function sanitise(text: string): { readonly text: string; readonly sanitised: number } {
  let sanitised = 0;
  const clean = text.replace(ILLEGAL, () => {
    sanitised += 1;
    return REPLACEMENT;
  });
  return { text: clean, sanitised };
}

/** The same for characters that are written as numbers (`&#x5;`), where they are markup. */
export function sanitiseReferences(text: string): { readonly text: string; readonly sanitised: number } {
  let sanitised = 0;
  const clean = text.replace(REFERENCE, (written, hex?: string, decimal?: string) => {
    if (isLegal(hex === undefined ? Number(decimal) : Number.parseInt(hex, 16))) return written;
    sanitised += 1;
    return REPLACEMENT;
  });
  return { text: clean, sanitised };
}

function isLegal(code: number): boolean {
  if (code < 0x20) return code === 0x9 || code === 0xa || code === 0xd;
  return code <= 0xd7ff || (code >= 0xe000 && code <= 0xfffd) || (code >= 0x10000 && code <= 0x10ffff);
}

function encodingOf(
  bytes: Uint8Array,
  contentType: string,
): readonly ["utf-8" | "utf-16le" | "utf-16be", number] {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return ["utf-16le", 2];
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return ["utf-16be", 2];
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return ["utf-8", 3];
  if (/charset\s*=\s*"?utf-16/i.test(contentType)) return ["utf-16le", 0];
  return ["utf-8", 0];
}

/** The bytes of an answer, written as the question was. */
export function writeMessageText(text: string, isUtf16: boolean): Uint8Array {
  if (!isUtf16) return Buffer.from(text, "utf8");
  return Buffer.from(`\ufeff${text}`, "utf16le");
}
