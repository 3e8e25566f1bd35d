/** A group of half a million members is some 60 MB; what would be longer is no answer of a directory. */
const MESSAGE_BYTES_MAX = 256 * 1024 * 1024;
/** Tag, first length byte, and up to four more. */
const HEADER_BYTES_MAX = 6;

/**
 * Gathers what arrives until it holds whole LDAP messages, and passes those on one by one.
 *
 * The library joins all it has heard with each piece that comes: a group of 50,000 members in pieces of a few kilobytes
 * costs it a minute. Here every byte is copied twice at most.
 * Shape:  `push` gives the messages that are whole now, each by itself.
 * Errors: `RangeError` for a message that is too long, or no message: the connection is of no more use.
 * Source: RFC 4511, 5.1; X.690, 8.1.3, definite lengths (documented).
 */
export class MessageGate {
  #pieces: Buffer[] = [];
  #held = 0;
  /** How much is to be held before there is something to pass on. */
  #wanted = 2;

  push(piece: Buffer): readonly Buffer[] {
    this.#pieces.push(piece);
    this.#held += piece.length;
    if (this.#held < this.#wanted) return [];
    const held = this.#pieces.length === 1 ? piece : Buffer.concat(this.#pieces, this.#held);
    const messages: Buffer[] = [];
    let end = 0;
    for (;;) {
      const length = lengthOfMessage(held, end);
      if (length === null || end + length > held.length) {
        this.#wanted = length ?? Math.min(held.length - end + 1, HEADER_BYTES_MAX);
        break;
      }
      messages.push(held.subarray(end, end + length));
      end += length;
    }
    const rest = held.subarray(end);
    this.#pieces = rest.length === 0 ? [] : [rest];
    this.#held = rest.length;
    return messages;
  }
}

/** Length of the message that begins at `at`, its header included; null while the header is not whole. */
function lengthOfMessage(bytes: Buffer, at: number): number | null {
  const tag = bytes[at];
  const first = bytes[at + 1];
  if (tag === undefined || first === undefined) return null;
  if (tag !== 0x30) throw new RangeError("what the server sent is no LDAP message");
  if (first < 0x80) return 2 + first;
  const count = first & 0x7f;
  if (count === 0 || count > 4) throw new RangeError("what the server sent is no LDAP message");
  if (bytes.length < at + 2 + count) return null;
  const length = 2 + count + bytes.readUIntBE(at + 2, count);
  if (length > MESSAGE_BYTES_MAX) throw new RangeError("the server's answer is too long");
  return length;
}
