/** CRC-32 as ZIP has it (polynomial 0xEDB88320). */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}

/** Names are UTF-8. */
const UTF8_NAMES = 0x0800;
/** 1 January 1980: ZIP knows no earlier day. The same files give the same bytes. */
const DOS_DATE = 0x0021;
const LOCAL_BYTES = 30;
const CENTRAL_BYTES = 46;
const END_BYTES = 22;

/**
 * Puts texts into a ZIP archive, stored and not compressed: a few kilobytes that every system opens.
 *
 * Source: PKWARE APPNOTE 4.3 (local header, central directory, end record), 4.4.4 (bit 11).
 */
export function zipOf(
  files: readonly { readonly name: string; readonly text: string }[],
): Uint8Array<ArrayBuffer> {
  const encoder = new TextEncoder();
  const entries = files.map(({ name, text }) => {
    const data = encoder.encode(text);
    return { name: encoder.encode(name), data, crc: crc32(data) };
  });
  const size = entries.reduce(
    (sum, { name, data }) => sum + LOCAL_BYTES + CENTRAL_BYTES + 2 * name.length + data.length,
    END_BYTES,
  );
  const archive = new Uint8Array(size);
  const view = new DataView(archive.buffer);
  let at = 0;
  const u16 = (value: number) => {
    view.setUint16(at, value, true);
    at += 2;
  };
  const u32 = (value: number) => {
    view.setUint32(at, value, true);
    at += 4;
  };
  const bytes = (value: Uint8Array) => {
    archive.set(value, at);
    at += value.length;
  };
  /** What stands alike in both headers of an entry. */
  const common = ({ name, data, crc }: (typeof entries)[number]) => {
    u16(20);
    u16(UTF8_NAMES);
    u16(0);
    u16(0);
    u16(DOS_DATE);
    u32(crc);
    u32(data.length);
    u32(data.length);
    u16(name.length);
    u16(0);
  };
  const offsets = entries.map((entry) => {
    const offset = at;
    u32(0x04034b50);
    common(entry);
    bytes(entry.name);
    bytes(entry.data);
    return offset;
  });
  const directoryAt = at;
  for (const [index, entry] of entries.entries()) {
    u32(0x02014b50);
    u16(20);
    common(entry);
    u16(0);
    u16(0);
    u16(0);
    u32(0);
    u32(offsets[index] ?? 0);
    bytes(entry.name);
  }
  const directoryBytes = at - directoryAt;
  u32(0x06054b50);
  u16(0);
  u16(0);
  u16(entries.length);
  u16(entries.length);
  u32(directoryBytes);
  u32(directoryAt);
  u16(0);
  return archive;
}
