/**
 * RC4, with which NTLM seals and which OpenSSL 3 no longer gives. One instance is one direction of one login: its stream
 * goes on from message to message and can never be rewound.
 * Source: RFC 6229 test vectors.
 */
export class Rc4 {
  readonly #state = new Uint8Array(256);
  #i = 0;
  #j = 0;

  constructor(key: Uint8Array) {
    const state = this.#state;
    for (let i = 0; i < 256; i += 1) state[i] = i;
    for (let i = 0, j = 0; i < 256; i += 1) {
      const held = state[i] ?? 0;
      j = (j + held + (key[i % key.length] ?? 0)) & 255;
      state[i] = state[j] ?? 0;
      state[j] = held;
    }
  }

  /** Encrypts or decrypts in place. */
  apply(bytes: Uint8Array): void {
    const state = this.#state;
    let i = this.#i;
    let j = this.#j;
    for (let at = 0; at < bytes.length; at += 1) {
      i = (i + 1) & 255;
      const held = state[i] ?? 0;
      j = (j + held) & 255;
      const other = state[j] ?? 0;
      state[i] = other;
      state[j] = held;
      bytes[at] = (bytes[at] ?? 0) ^ (state[(held + other) & 255] ?? 0);
    }
    this.#i = i;
    this.#j = j;
  }

  of(bytes: Uint8Array): Buffer {
    const copy = Buffer.from(bytes);
    this.apply(copy);
    return copy;
  }
}
