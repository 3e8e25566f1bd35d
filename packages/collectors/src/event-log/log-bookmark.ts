/** Where reading goes on. `at`: the time of that record, from which a cleared log is read again. */
export interface LogBookmark {
  readonly channel: string;
  readonly recordNumber: bigint;
  readonly at: number;
}

export function writeBookmark({ channel, recordNumber, at }: LogBookmark): string {
  return JSON.stringify({ v: 1, channel, record: recordNumber.toString(), at });
}

/** Null for none, for one of another log, and for what cannot be read: then the log is caught up with from the cut-off. */
export function readBookmark(text: string | null, channel: string): LogBookmark | null {
  if (text === null) return null;
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed !== "object" || parsed === null) return null;
    if (!("channel" in parsed && "record" in parsed && "at" in parsed)) return null;
    const { channel: of, record, at } = parsed;
    if (of !== channel || typeof record !== "string" || !/^\d{1,20}$/.test(record)) return null;
    if (typeof at !== "number" || !Number.isSafeInteger(at)) return null;
    return { channel, recordNumber: BigInt(record), at };
  } catch {
    return null;
  }
}
