import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { crc32 } from "node:zlib";
import { createEventReader } from "@rollcall/windows-rpc/binxml";
import { inMemory, readEvtx } from "@rollcall/windows-rpc/evtx";
import { type BenchOptions, type Figure, figureLine, median, say } from "./figure.ts";

const FOLDER = path.resolve(import.meta.dirname, "..", "..", "shared", "data", "evtx");
const LOGONS = new Set([4624, 4768, 4769]);
/** What the rules ask of such events. */
const FIELDS = [
  "TargetUserName",
  "TargetDomainName",
  "TargetUserSid",
  "TargetSid",
  "TargetLogonId",
  "LogonType",
  "IpAddress",
  "IpPort",
  "WorkstationName",
  "ServiceName",
  "Status",
];
const PASSES_WARM_UP = 5;

/** How many records of logons one core reads, beside how fast it can look at their bytes at all. */
export const eventDecoding: Figure = {
  name: "event-decoding",
  what: "real records of 4624, 4768 and 4769 read a second of processor time (which event, when, where, and the 11 fields that rules ask for); limit: a CRC-32 of the same bytes by the runtime's own code",
  async measure({ seconds, rounds }: BenchOptions) {
    if (!existsSync(FOLDER))
      return {
        kind: "missing",
        sentence: `it needs real records of Windows in ${FOLDER}, and they are not there`,
      };
    const records = logonRecords();
    const reader = createEventReader();
    const ways = {
      fields: (record: Buffer) => fieldsOf(reader, record),
      // What is paid by who looks at the number of the event and wants no more.
      number: (record: Buffer) => numberOf(reader, record),
      xml: (record: Buffer) => reader.xml(record)?.length ?? 0,
      bytes: (record: Buffer) => crc32(record),
    };
    const rates = { fields: [] as number[], bytes: [] as number[] };
    for (let round = 1; round <= rounds; round++) {
      const each = seconds / 4;
      const fields = perSecond(records, each, ways.fields);
      const bytes = perSecond(records, each, ways.bytes);
      rates.fields.push(fields);
      rates.bytes.push(bytes);
      say(
        `  round ${round}: ${Math.round(fields)}/s with fields, ${Math.round(perSecond(records, each, ways.number))}/s the number alone, ${Math.round(perSecond(records, each, ways.xml))}/s as XML, ${Math.round(bytes)}/s only looked at; ${records.length} records of ${meanLength(records)} bytes`,
      );
    }
    return figureLine("event-decoding", "events/s", median(rates.fields), median(rates.bytes));
  },
};

/** As a server sends them, each with the definition of its template. */
function logonRecords(): readonly Buffer[] {
  const found: Buffer[] = [];
  for (const entry of readdirSync(FOLDER, { recursive: true, encoding: "utf8" }))
    if (entry.endsWith(".evtx"))
      for (const one of readEvtx(inMemory(readFileSync(path.join(FOLDER, entry)))))
        if (one.kind === "record" && LOGONS.has(one.event.eventId)) found.push(one.even6());
  if (found.length === 0) throw new Error(`no record of a logon in ${FOLDER}`);
  return found;
}

type Reader = ReturnType<typeof createEventReader>;

function eventOf(reader: Reader, record: Buffer) {
  const read = reader.read(record);
  if (read.kind === "damaged") throw new Error(`a real record is called damaged: ${read.sentence}`);
  return read.event;
}

function numberOf(reader: Reader, record: Buffer): number {
  return eventOf(reader, record).eventId;
}

/** Something of everything that was read, so that nothing can be left out. */
function fieldsOf(reader: Reader, record: Buffer): number {
  const event = eventOf(reader, record);
  let length = event.eventId + event.time + event.computer.length + Number(event.recordId);
  for (const name of FIELDS) length += event.data(name)?.length ?? 0;
  return length;
}

/** By processor time, which other processes on the machine do not take from us. */
function perSecond(records: readonly Buffer[], seconds: number, way: (record: Buffer) => number): number {
  let sum = 0;
  // Until then it is the compiler that is measured.
  for (let pass = 0; pass < PASSES_WARM_UP; pass++) for (const record of records) sum += way(record);
  let count = 0;
  const begun = process.cpuUsage();
  for (let usedMs = 0; ; ) {
    for (const record of records) sum += way(record);
    count += records.length;
    const { user, system } = process.cpuUsage(begun);
    usedMs = (user + system) / 1000;
    if (usedMs < seconds * 1000) continue;
    if (!Number.isFinite(sum)) throw new Error("a field was no number");
    return (count * 1000) / usedMs;
  }
}

function meanLength(records: readonly Buffer[]): number {
  return Math.round(records.reduce((sum, { length }) => sum + length, 0) / records.length);
}
