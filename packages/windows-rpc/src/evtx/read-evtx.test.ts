import { describe, expect, it } from "vitest";
import { createEventReader } from "../binxml/index.ts";
import { type EvtxRecord, inMemory, readEvtx } from "./index.ts";
import { oracleOf, readReal, realFiles, whyNoRealFiles } from "./testing/real-files.ts";

const missing = whyNoRealFiles();
if (missing !== null) console.log(missing);
const recordsOf = (name: string): EvtxRecord[] =>
  [...readEvtx(inMemory(readReal(name)))].flatMap((one) => (one.kind === "record" ? [one] : []));

/** Fields by which people, computers and logons are told. */
const IDENTITY = [
  "TargetUserName TargetDomainName TargetUserSid TargetSid TargetLogonId LogonType IpAddress IpPort WorkstationName",
  "Workstation SubjectUserName SubjectDomainName SubjectUserSid SubjectLogonId ServiceName Status PreAuthType",
  "AccountName AccountDomain LogonID ClientName ClientAddress ShareName LogonGuid TransmittedServices",
]
  .join(" ")
  .split(" ");

describe.skipIf(missing !== null)("a file of Windows", () => {
  it.each(["mit-ts-evtx/Security.evtx", "mit-ts-evtx/System.evtx"])(
    "%s gives, record by record, the XML that Windows itself exports",
    (name) => {
      // The exporting tool writes ends of lines in its own way, and sometimes one of two percent signs.
      const plain = (text: string) => text.replaceAll("\r\n", "\n").replaceAll("%%", "%");
      const exported = oracleOf(name, "windows-export")?.match(/<Event .*?<\/Event>/gs) ?? [];
      const ours = recordsOf(name).map((record) => plain(record.xml()));
      expect(exported.length).toBeGreaterThan(1000);
      expect(ours.sort()).toEqual(exported.map(plain).sort());
    },
  );

  it("says of every record who was meant, as two readers say that nobody here wrote", () => {
    const seen = { records: 0, fields: 0 };
    for (const name of realFiles()) {
      const ours = recordsOf(name).map((record) => identityOf((field) => record.event.data(field)));
      for (const reader of ["libevtx", "python-evtx"] as const) {
        const text = oracleOf(name, reader);
        if (text === null) continue;
        const theirs = (text.match(/<Event[ >].*?<\/Event>/gs) ?? []).map((xml) => identityOf(fieldsIn(xml)));
        // They give up on records of their own; what both read must be the same, in the same order.
        if (theirs.length === ours.length) expect(theirs).toEqual(ours);
        else
          expect(ours.map((one) => JSON.stringify(one))).toEqual(
            expect.arrayContaining(theirs.map((one) => JSON.stringify(one))),
          );
        seen.records += theirs.length;
        seen.fields += theirs.reduce((sum, one) => sum + Object.keys(one).length, 0);
      }
    }
    expect(seen.records).toBeGreaterThan(10_000);
    expect(seen.fields).toBeGreaterThan(50_000);
  });

  it("says the same of a record when a server sends it", () => {
    for (const name of realFiles()) {
      const reader = createEventReader();
      for (const record of recordsOf(name)) {
        const sent = record.even6();
        expect(reader.xml(sent)).toBe(record.xml());
        const read = reader.read(sent);
        if (read.kind === "damaged") throw new Error(`${name} ${record.recordNumber}: ${read.sentence}`);
        const said = (event: typeof record.event) => [
          [
            event.provider,
            event.eventId,
            event.version,
            event.channel,
            event.computer,
            event.recordId,
            event.time,
          ],
          event.names().map((field) => [field, event.data(field)]),
        ];
        expect(said(read.event)).toEqual(said(record.event));
      }
    }
  });

  it("of a collector without templates is read as any other, with the number of the computer that wrote it", () => {
    const [record] = recordsOf("mit-omerbenamram-evtx/MSExchange_Management_wec.evtx");
    expect([record?.recordNumber, record?.event.recordId]).toEqual([1n, 3229n]);
    expect(record?.event.channel).toBe("MSExchange Management");
    expect(record?.event.names().length).toBeGreaterThan(0);
  });

  it("that is damaged in the middle gives every record that is not, and a line for what is", () => {
    const whole = readReal("mit-ts-evtx/System.evtx");
    const records = recordsOf("mit-ts-evtx/System.evtx").length;
    const broken = Buffer.from(whole);
    // A record of the first chunk loses its mark, another one its contents, and a whole chunk its head.
    broken.fill(0xff, 4096 + 512, 4096 + 520);
    broken.fill(0x41, 4096 + 0x8000, 4096 + 0x8040);
    broken.fill(0, 4096 + 0x1_0000, 4096 + 0x1_0000 + 8);
    const read = [...readEvtx(inMemory(broken))];
    const damaged = read.filter(({ kind }) => kind === "damaged");
    expect(damaged.length).toBeGreaterThanOrEqual(3);
    expect(damaged.every((one) => one.kind === "damaged" && one.sentence.length > 0)).toBe(true);
    expect(read.length - damaged.length).toBeGreaterThan(records / 2);
  });

  it("that is cut off anywhere gives what was whole", () => {
    const whole = readReal("mit-ts-evtx/System.evtx");
    for (let length = 0; length < whole.length; length += 9_973) {
      const read = [...readEvtx(inMemory(whole.subarray(0, length)))];
      expect(read.filter(({ kind }) => kind === "record").length).toBeLessThanOrEqual(1247);
    }
  });
});

it("is told from anything else", () => {
  const read = (bytes: Buffer) => [...readEvtx(inMemory(bytes))];
  for (const bytes of [Buffer.alloc(0), Buffer.from("<Events/>"), Buffer.alloc(100_000, 0x2a)])
    expect(read(bytes)).toMatchObject([{ kind: "damaged", sentence: "this is no event log file (.evtx)" }]);
});

function fieldsIn(xml: string): (field: string) => string | null {
  const fields = new Map<string, string>();
  for (const [, element = "", name = element, text = ""] of xml.matchAll(
    /<(\w+)(?: Name="([^"]*)")?[^>/]*>([^<]*)<\/\1>/g,
  ))
    if (!fields.has(name)) fields.set(name, text);
  return (field) => fields.get(field) ?? null;
}

/** Without case, without the zeros that others put before a number, and without what is nothing. */
function identityOf(data: (field: string) => string | null): Record<string, string> {
  const found: Record<string, string> = {};
  for (const field of IDENTITY) {
    const text = unescaped(data(field) ?? "")
      .trim()
      .toLowerCase()
      .replace(/^0x0*(?=[0-9a-f])/, "0x");
    if (text !== "") found[field] = text;
  }
  return found;
}

function unescaped(text: string): string {
  return text
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&amp;", "&");
}
