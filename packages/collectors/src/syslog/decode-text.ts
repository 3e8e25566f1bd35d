const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });

export interface DecodedText {
  readonly text: string;
  /** False: the bytes were not UTF-8 and were read as Latin-1. */
  readonly isUtf8: boolean;
}

/**
 * Reads the bytes of a line as text.
 *
 * Shape:  UTF-8; where the bytes are not UTF-8, Latin-1, which loses nothing: each byte stays one character. Old
 *         appliances send it, and refusing the line would lose a logon for the sake of an umlaut in a field that
 *         nobody reads. A name read wrongly is a name that no directory knows, so it never becomes another person's.
 *         Line breaks and NULs at the end and byte-order marks are taken off.
 * Errors: none; every sequence of bytes is text of one kind or the other.
 */
export function decodeText(bytes: Uint8Array): DecodedText {
  let end = bytes.length;
  while (end > 0 && isTrailer(bytes[end - 1])) end -= 1;
  const body = bytes.subarray(0, end);
  try {
    return { text: strict.decode(body).replaceAll("\ufeff", ""), isUtf8: true };
  } catch {
    return {
      text: Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("latin1"),
      isUtf8: false,
    };
  }
}

function isTrailer(byte: number | undefined): boolean {
  return byte === 0x0a || byte === 0x0d || byte === 0x00;
}
