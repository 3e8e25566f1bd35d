/**
 * Writes a binary SID as text: `S-1-5-21-…`.
 *
 * Errors: null when the bytes are not a SID (wrong length, no revision 1).
 * Source: MS-DTYP 2.4.2.2 (documented): revision, count, 6 bytes authority big-endian, count × 4 bytes little-endian.
 */
export function sidFromBytes(bytes: Uint8Array): string | null {
  const count = bytes[1];
  if (bytes[0] !== 1 || count === undefined || count > 15 || bytes.length !== 8 + 4 * count) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const authority = view.getUint16(2) * 0x1_0000_0000 + view.getUint32(4);
  let text = `S-1-${authority}`;
  for (let index = 0; index < count; index += 1) text += `-${view.getUint32(8 + 4 * index, true)}`;
  return text;
}

/**
 * Writes a binary objectGUID in the form Windows shows: `6b3e1c62-8a53-4f0e-9d55-0f5c1a000001`.
 *
 * Errors: null when there are not 16 bytes.
 * Source: MS-DTYP 2.3.4.2 (documented): the first three fields are little-endian.
 */
export function guidFromBytes(bytes: Uint8Array): string | null {
  if (bytes.length !== 16) return null;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0"));
  const take = (...indexes: number[]) => indexes.map((index) => hex[index]).join("");
  return [take(3, 2, 1, 0), take(5, 4), take(7, 6), take(8, 9), take(10, 11, 12, 13, 14, 15)].join("-");
}

/** The SID of a domain's principal with that RID; null where `sid` has no RID. */
export function siblingSid(sid: string, rid: number): string | null {
  const dash = sid.lastIndexOf("-");
  return dash <= 0 ? null : `${sid.slice(0, dash)}-${rid}`;
}
