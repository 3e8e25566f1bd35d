const SHIFTS = [
  [3, 7, 11, 19],
  [3, 5, 9, 13],
  [3, 9, 11, 15],
] as const;
const CONSTANTS = [0, 0x5a82_7999, 0x6ed9_eba1] as const;
/** Which of the sixteen words each step of a round takes. */
const ORDERS = [
  [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
  [0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15],
  [0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15],
] as const;

/**
 * MD4, which NTLM makes its password hashes with and OpenSSL 3 no longer gives. It protects nothing by itself.
 * Source: RFC 1320 (documented), with its test vectors.
 */
export function md4(message: Uint8Array): Buffer {
  const blocks = Math.floor((message.length + 8) / 64) + 1;
  const padded = Buffer.alloc(64 * blocks);
  padded.set(message);
  padded[message.length] = 0x80;
  padded.writeBigUInt64LE(8n * BigInt(message.length), padded.length - 8);

  let a = 0x6745_2301;
  let b = 0xefcd_ab89 | 0;
  let c = 0x98ba_dcfe | 0;
  let d = 0x1032_5476;
  for (let block = 0; block < padded.length; block += 64) {
    const before = [a, b, c, d] as const;
    for (let step = 0; step < 48; step += 1) {
      const round = step >> 4;
      const word = padded.readInt32LE(block + 4 * (ORDERS[round]?.[step & 15] ?? 0));
      const sum = (a + mix(round, b, c, d) + word + (CONSTANTS[round] ?? 0)) | 0;
      a = d;
      d = c;
      c = b;
      b = rotateLeft(sum, SHIFTS[round]?.[step & 3] ?? 0);
    }
    a = (a + before[0]) | 0;
    b = (b + before[1]) | 0;
    c = (c + before[2]) | 0;
    d = (d + before[3]) | 0;
  }
  const digest = Buffer.alloc(16);
  [a, b, c, d].forEach((word, n) => {
    digest.writeInt32LE(word, 4 * n);
  });
  return digest;
}

function mix(round: number, b: number, c: number, d: number): number {
  if (round === 0) return (b & c) | (~b & d);
  if (round === 1) return (b & c) | (b & d) | (c & d);
  return b ^ c ^ d;
}

function rotateLeft(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}
