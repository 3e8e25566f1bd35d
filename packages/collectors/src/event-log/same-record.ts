import { CALL_MS, type EventLogSession, type LogRecord } from "./event-log-port.ts";
import type { LogBookmark } from "./log-bookmark.ts";

/**
 * Whether the record that a bookmark names is still the one it was made of: a log that was cleared may have counted up to its
 * number again.
 *
 * Shape:  true also where the server does not say: then the subscription decides. Only for a log whose records were written
 *         by its own server: in a collector's log a record carries the number it has at home.
 */
export async function isSameRecord(
  session: EventLogSession,
  { channel, recordNumber, at }: LogBookmark,
  timeOf: (record: LogRecord) => number | null,
): Promise<boolean> {
  const path = channel.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
  const select = `<Select Path="${path}">*[System[(EventRecordID=${recordNumber})]]</Select>`;
  const query = `<QueryList><Query Id="0" Path="${path}">${select}</Query></QueryList>`;
  const opened = await session.newestFirst({ channel, query });
  if (opened.kind !== "open") return true;
  try {
    const got = await opened.cursor.next(1, CALL_MS);
    const [record] = got.kind === "records" ? got.records : [];
    const time = record === undefined ? null : timeOf(record);
    return time === null || time === at;
  } finally {
    await opened.cursor.close().catch(() => undefined);
  }
}
