/** Numbers that decoders stumble over. */
const EDGES = [0, 1, 2, 4, 0x7f, 0x80, 0xff, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff];

/** Changes some bytes of `whole`, whole numbers among them, and sometimes its length; a copy. */
export function spoil(whole: Uint8Array, random: () => number): Buffer {
  const spoilt = Buffer.from(whole);
  for (let change = Math.ceil(random() * 4); change > 0; change -= 1) {
    const at = Math.floor(random() * spoilt.length);
    const edge = EDGES[Math.floor(random() * EDGES.length)] ?? 0;
    const kind = random();
    if (kind < 0.5 || at + 4 > spoilt.length) spoilt[at] = Math.floor(random() * 256);
    else if (kind < 0.75) spoilt.writeUInt32LE(edge, at);
    else spoilt.writeUInt16LE(edge & 0xffff, at);
  }
  const end = random();
  if (end < 0.1) return spoilt.subarray(0, Math.floor(random() * spoilt.length));
  if (end < 0.15) return Buffer.concat([spoilt, Buffer.alloc(Math.floor(random() * 40), 0xff)]);
  return spoilt;
}
