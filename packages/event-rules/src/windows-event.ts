/**
 * One record of a Windows event log, read by name: versions of an event append fields, so a position says nothing.
 *
 * Shape:  `recordId` is the record's number in the log of the computer that wrote it (`EventRecordID`), whatever log it was
 *         read from; `data` gives a named value of `EventData` or `UserData` as Windows would print it, null where absent.
 * Units:  `time` in epoch ms UTC (`TimeCreated`).
 */
export interface WindowsEvent {
  readonly provider: string;
  readonly eventId: number;
  readonly version: number;
  readonly channel: string;
  readonly computer: string;
  readonly recordId: bigint;
  readonly time: number;
  data(name: string): string | null;
}
