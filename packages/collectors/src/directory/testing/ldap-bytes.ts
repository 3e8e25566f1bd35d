/** A SID in the domain of those sub-authorities, as a directory stores it. Source: MS-DTYP 2.4.2.2 (documented). */
export function sidBytes(domain: readonly number[], rid: number): Buffer {
  const parts = [...domain, rid];
  const sid = Buffer.alloc(8 + 4 * parts.length);
  sid[0] = 1;
  sid[1] = parts.length;
  sid[7] = 5;
  for (const [index, part] of parts.entries()) sid.writeUInt32LE(part, 8 + 4 * index);
  return sid;
}

/** Length of the first message in the buffer, header included; null while it is not whole. */
export function messageLength(buffer: Buffer): number | null {
  const first = buffer[1];
  if (first === undefined) return null;
  if (first < 0x80) return buffer.length >= 2 + first ? 2 + first : null;
  const bytes = first & 0x7f;
  if (buffer.length < 2 + bytes) return null;
  const total = 2 + bytes + buffer.readUIntBE(2, bytes);
  return buffer.length >= total ? total : null;
}
