import { describe, expect, it } from "vitest";
import { readFixture, whyNoRealFiles } from "../evtx/testing/real-files.ts";
import { createEventReader } from "./index.ts";

const missing = whyNoRealFiles();
if (missing !== null) console.log(missing);

describe.skipIf(missing !== null)("the records that MS-EVEN6 shows", () => {
  it("4.4: texts, references and attributes are the XML that stands beside the bytes", () => {
    expect(createEventReader().xml(readFixture("ms-even6-4.4-simple.binxml"))).toBe(
      "<Event><Element1>abc</Element1><Element2> def &amp;&#60; ghi </Element2><Element3 AttrA='abc' AttrB='def&amp;&#60;ghi'/></Event>",
    );
  });

  it("4.8: a template with a fragment within a value is read by name", () => {
    const read = createEventReader().read(readFixture("ms-even6-4.8-template.binxml"));
    if (read.kind === "damaged") throw new Error(read.sentence);
    const { event } = read;
    expect([event.eventId, event.provider, event.recordId]).toEqual([100, "Microsoft-Windows-Wevttest", 6n]);
    expect(event.time).toBe(Date.parse("2006-06-14T21:40:54.625Z"));
    expect(event.system("Security.UserID")).toBe("S-1-5-21-397955417-626881126-188441444-2967838");
    expect(event.names().map((name) => [name, event.data(name)])).toEqual([
      ["Property", "1"],
      ["Property2", "2"],
    ]);
  });

  it("two definitions of one GUID and length are told apart, however many a server makes up", () => {
    const reader = createEventReader();
    const one = readFixture("ms-even6-4.8-template.binxml");
    // A letter of the provider's name, which stands in the definition.
    const at = one.indexOf(Buffer.from("Wevttest", "utf16le"));
    for (let round = 0; round < 2; round++)
      for (let letter = 0x41; letter < 0x41 + 20; letter++) {
        const other = Buffer.from(one);
        other[at] = letter;
        const read = reader.read(other);
        const provider = read.kind === "event" ? read.event.provider : read.sentence;
        expect(provider).toBe(`Microsoft-Windows-${String.fromCharCode(letter)}evttest`);
      }
  });

  it("cut off anywhere, it is damaged, and a sentence says where", () => {
    const whole = readFixture("ms-even6-4.8-template.binxml");
    // The last byte only says that the fragment ends.
    for (let length = 0; length < whole.length - 1; length++) {
      const read = createEventReader().read(whole.subarray(0, length));
      expect([length, read.kind]).toEqual([length, "damaged"]);
      if (read.kind === "damaged") expect(read.sentence).not.toBe("");
    }
  });
});

/** An element with a name of one letter, as a server writes it outside of templates. */
function element(name: string, children: readonly Buffer[]): Buffer {
  const text = Buffer.from(name, "utf16le");
  const named = Buffer.alloc(4 + text.length + 2);
  named.writeUInt16LE(name.length, 2);
  text.copy(named, 4);
  const within = Buffer.concat([named, Buffer.from([2]), ...children, Buffer.from([4])]);
  const head = Buffer.alloc(5);
  head[0] = 1;
  head.writeUInt32LE(within.length, 1);
  return Buffer.concat([head, within]);
}
const record = (root: Buffer): Buffer =>
  Buffer.concat([Buffer.from([0x0f, 1, 1, 0]), root, Buffer.from([0])]);
const text = Buffer.from([5, 1, 1, 0, 0x78, 0]);

describe("a record without a template", () => {
  it("gives unnamed data numbers, in order", () => {
    const data = element("Data", [text]);
    const read = createEventReader().read(
      record(element("Event", [element("EventData", [data, data, data])])),
    );
    expect(read.kind === "event" ? read.event.names() : read.sentence).toEqual(["Data", "Data2", "Data3"]);
  });

  it("keeps the first thousand of its fields, however many there are", () => {
    const data = Array.from({ length: 20_000 }, () => element("Data", [text]));
    const read = createEventReader().read(record(element("Event", [element("EventData", data)])));
    expect(read.kind === "event" ? read.event.names().length : read.sentence).toBe(1000);
  });

  it.each([
    [60, "event"],
    [80, "damaged"],
  ])("with %i elements within each other is: %s", (depth, kind) => {
    let root = element("D", [text]);
    for (let level = 1; level < depth; level++) root = element("D", [root]);
    expect(createEventReader().read(record(root)).kind).toBe(kind);
  });

  it("of more than 2 MiB is not read", () => {
    const read = createEventReader().read(Buffer.alloc(2 * 1024 * 1024 + 1));
    expect(read).toEqual({
      kind: "damaged",
      sentence: "a record of 2097153 bytes, more than 2097152",
    });
  });
});

describe("a record that is made to cost much", () => {
  const text = (name: string) => {
    const bytes = Buffer.alloc(6 + name.length * 2);
    bytes.writeUInt16LE(name.length, 2);
    bytes.write(name, 4, "utf16le");
    return bytes;
  };

  it("of more references than a call takes arguments is read", () => {
    const references = Buffer.alloc(3 * 200_000);
    for (let at = 0; at < references.length; at += 3) references.writeUInt8(0x08, at);
    const element = Buffer.concat([
      Buffer.from([0x0f, 1, 1, 0, 0x01, 0, 0, 0, 0]),
      text("Event"),
      Buffer.from([0x02]),
      references,
      Buffer.from([0x04, 0x00]),
    ]);
    expect(createEventReader().read(element).kind).toBe("event");
  });
});
