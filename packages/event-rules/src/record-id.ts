import type { WindowsEvent } from "./windows-event.ts";

/** With the rest it must fit into the 200 characters that the stream to the cloud takes of an identity. */
const MAX_COMPUTER = 130;

/**
 * The identity of a record, used once for ever: origin computer, channel, record id and event time. A collector passes all
 * four on unchanged, so an event read from its own log and through a collector is one.
 *
 * Shape:  null where the computer's name is longer than any of Windows.
 * Source: semantics 1, "Record" (documented).
 */
export function recordIdOf(event: WindowsEvent): string | null {
  if (event.computer === "" || event.computer.length > MAX_COMPUTER) return null;
  return `windows:${event.computer.toLowerCase()}/${event.channel}/${event.recordId}@${event.time}`;
}
