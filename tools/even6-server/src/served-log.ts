import { createEventReader } from "@rollcall/windows-rpc/binxml";
import { type RecordChanges, rewriteRecord } from "@rollcall/windows-rpc/even6/testing";
import type { EventFilter, FilterEvent } from "./event-filter.ts";

export interface ServedRecord {
  readonly recordNumber: bigint;
  readonly binXml: Buffer;
  readonly event: FilterEvent;
}

const reader = createEventReader();

/** One log of the server: records with rising numbers, which can be cleared and waited for. */
export class ServedLog {
  readonly channel: string;
  #records: ServedRecord[] = [];
  #nextNumber = 1n;
  #clearings = 0;
  readonly #waiting = new Set<() => void>();

  constructor(channel: string) {
    this.channel = channel;
  }

  get records(): readonly ServedRecord[] {
    return this.#records;
  }

  /** How often it was cleared: whoever began to read before knows that what he read is gone. */
  get clearings(): number {
    return this.#clearings;
  }

  get nextNumber(): bigint {
    return this.#nextNumber;
  }

  get bytes(): number {
    return this.#records.reduce((sum, { binXml }) => sum + binXml.length, 0);
  }

  /**
   * Writes a record behind the last one. Where it was written by this server itself it gets its number in the log as its
   * `EventRecordID`; a forwarded one keeps the number it has at home.
   */
  add(binXml: Buffer, changes: RecordChanges = {}, isForwarded = false): bigint {
    const recordNumber = this.#nextNumber;
    const numbered: Record<string, string> = isForwarded ? {} : { EventRecordID: `${recordNumber}` };
    const written = rewriteRecord(binXml, {
      data: changes.data,
      system: { ...numbered, ...changes.system },
    });
    const read = reader.read(written);
    if (read.kind === "damaged") throw new RangeError(`a record that cannot be read: ${read.sentence}`);
    this.#nextNumber += 1n;
    this.#records.push({ recordNumber, binXml: written, event: read.event });
    this.#wake();
    return recordNumber;
  }

  /** Empties it. Windows counts on (captured); numbers that begin again are the harder case for whoever kept one. */
  clear(countsAnew = false): void {
    this.#records = [];
    if (countsAnew) this.#nextNumber = 1n;
    this.#clearings += 1;
    this.#wake();
  }

  /** Drops the oldest records, as a log does that is full. */
  rollOver(keep: number): void {
    this.#records = keep === 0 ? [] : this.#records.slice(-keep);
  }

  /** The first record behind `after` that is taken, and all behind it, oldest first. */
  *from(after: bigint, takes: EventFilter): Generator<ServedRecord> {
    const first = this.#records[0]?.recordNumber ?? this.#nextNumber;
    // Numbers follow each other without a gap: the place of one is known.
    const at = after < first ? 0 : Number(after - first) + 1;
    for (let index = at; index < this.#records.length; index += 1) {
      const record = this.#records[index];
      if (record !== undefined && takes(record.event)) yield record;
    }
  }

  /** Waits for the next record or clearing, at most `ms`. */
  changed(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#waiting.delete(done);
        signal.removeEventListener("abort", done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.#waiting.add(done);
      signal.addEventListener("abort", done, { once: true });
      if (signal.aborted) done();
    });
  }

  #wake(): void {
    for (const done of [...this.#waiting]) done();
  }
}
