import { escapeInvisible } from "@rollcall/syslog-rules";
import { decodeText } from "./decode-text.ts";
import type { SyslogTransport } from "./source-config.ts";

export interface UnknownSender {
  readonly sender: string;
  readonly transport: SyslogTransport;
  readonly lines: number;
  readonly lastAt: number;
  /** Its first line, cut and escaped. */
  readonly sample: string;
}

const MAX_SENDERS = 50;
const MAX_SAMPLE = 1000;

/**
 * Who sent without being listed: at most 50, with one line of each, so that a person can accept a sender.
 * When full, the one that was heard least makes room; a forged flood therefore cannot push out a busy real one.
 */
export class UnknownSenders {
  readonly #senders = new Map<string, { -readonly [Field in keyof UnknownSender]: UnknownSender[Field] }>();
  #lines = 0;

  /** Lines of unlisted senders since the start, also of those no longer listed here. */
  get lines(): number {
    return this.#lines;
  }

  note(sender: string, transport: SyslogTransport, bytes: Uint8Array, now: number): void {
    this.#lines += 1;
    const key = `${transport} ${sender}`;
    const known = this.#senders.get(key);
    if (known !== undefined) {
      known.lines += 1;
      known.lastAt = now;
      return;
    }
    if (this.#senders.size >= MAX_SENDERS && !this.#makeRoom()) return;
    const sample = escapeInvisible(decodeText(bytes.subarray(0, MAX_SAMPLE)).text).slice(0, MAX_SAMPLE);
    this.#senders.set(key, { sender, transport, lines: 1, lastAt: now, sample });
  }

  /** Takes off the list who is listed by now. */
  forget(isListed: (sender: string, transport: SyslogTransport) => boolean): void {
    for (const [key, { sender, transport }] of this.#senders) {
      if (isListed(sender, transport)) this.#senders.delete(key);
    }
  }

  /** Busiest first. */
  list(): readonly UnknownSender[] {
    return [...this.#senders.values()]
      .sort((left, right) => right.lines - left.lines)
      .map((sender) => ({ ...sender }));
  }

  #makeRoom(): boolean {
    let quietest: string | null = null;
    let fewest = Number.POSITIVE_INFINITY;
    for (const [key, { lines }] of this.#senders) {
      if (lines >= fewest) continue;
      quietest = key;
      fewest = lines;
    }
    // Everybody on the list was heard more than once: a newcomer with one line waits for its second chance.
    if (quietest === null || fewest > 1) return false;
    return this.#senders.delete(quietest);
  }
}
