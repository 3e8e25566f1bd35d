/** SLDC with literals alone: valid, and longer than what it encodes. For tests; the product only reads. */
export function encodeSldc(bytes: Uint8Array): Uint8Array {
  const bits: number[] = [];
  const write = (value: number, count: number): void => {
    for (let bit = count - 1; bit >= 0; bit -= 1) bits.push((value >> bit) & 1);
  };
  write(0b1111111110101, 13);
  for (const byte of bytes) write(byte, 9);
  write(0b1111111110100, 13);
  write(0b1111111110000, 13);
  while (bits.length % 32 !== 0) bits.push(0);
  const out = new Uint8Array(bits.length / 8 + 4);
  for (const [index, bit] of bits.entries())
    if (bit === 1) out[index >> 3] = (out[index >> 3] ?? 0) | (0x80 >> (index & 7));
  new DataView(out.buffer).setUint32(out.length - 4, bytes.length, true);
  return out;
}
