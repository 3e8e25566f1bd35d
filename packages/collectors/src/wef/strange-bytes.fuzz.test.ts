import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { fuzzRuns, fuzzSeed, wholeNumbersOf } from "@rollcall/testkit";
import { expect, it } from "vitest";
import { readEvent } from "./event-reader.ts";
import { readMessageText } from "./message-text.ts";
import { decodeSldc } from "./sldc.ts";
import { readSoap } from "./soap-reader.ts";
import { encodeSldc } from "./testing/encode-sldc.ts";
import { aHeartbeat, aMessage, anEventsMessage, logonXml } from "./testing/messages.ts";
import { readXml } from "./xml-tree.ts";

const FIXTURE = path.resolve(
  import.meta.dirname,
  "../../../../../shared/data/evtx/fixtures/openwec-heartbeat.sldc",
);
const seed = fuzzSeed();
const CASES = 1_000_000;
const BOUND = 20_000;
/** One pause of the machine is no hang; a decoder that is not linear takes far longer. */
const SLOW_MS = 2000;
const id = "219C5353-5F3D-4CD7-A644-F6B69E57C1C1";
const NASTY = [
  "<![CDATA[",
  "]]>",
  "<!DOCTYPE a [",
  "<!ENTITY x '&x;'>",
  "&x;",
  "&#x5;",
  "&#xD800;",
  "\u0005",
  "<a:b xmlns:a=''>",
  "<?xml?>",
  "<!--",
  "\ud800",
  "xmlns:xml='x'",
  "</",
  "'",
  '"',
  "<x>".repeat(70),
];

type Random = ReturnType<typeof wholeNumbersOf>;

/** Some bytes changed, the end cut, a stretch repeated. */
function spoiltBytes(whole: Uint8Array, random: Random): Uint8Array {
  const spoilt = Uint8Array.from(whole);
  for (let count = random(6); count >= 0; count -= 1) spoilt[random(spoilt.length)] = random(256);
  return random(4) === 0 ? spoilt.subarray(0, random(spoilt.length)) : spoilt;
}

function spoiltText(whole: string, random: Random): string {
  let text = whole;
  for (let count = random(4); count >= 0; count -= 1) {
    const [at, length] = [random(text.length), random(20)];
    const piece = random(2) === 0 ? (NASTY[random(NASTY.length)] ?? "") : String.fromCharCode(random(0x80));
    const until = random(3) === 0 ? at : at + length;
    text = random(8) === 0 ? text.slice(0, at) : `${text.slice(0, at)}${piece}${text.slice(until)}`;
    if (text === "") return text;
  }
  return text;
}

function run(read: (random: Random) => boolean): void {
  const random = wholeNumbersOf(seed);
  let taken = 0;
  let slowest = 0;
  const runs = fuzzRuns(CASES);
  for (let left = runs; left > 0; left -= 1) {
    const began = performance.now();
    if (read(random)) taken += 1;
    slowest = Math.max(slowest, performance.now() - began);
  }
  expect(taken).toBeGreaterThan(0);
  expect(taken).toBeLessThan(runs);
  expect(slowest).toBeLessThan(SLOW_MS);
}

const LONG = 30 * 60_000;

it(`SLDC is expanded within its bound or refused, whatever the bytes (seed ${seed})`, {
  timeout: LONG,
}, () => {
  const plain = Buffer.from(`\ufeff${aHeartbeat(id).slice(0, 200)}`, "utf16le");
  const wholes = [encodeSldc(plain), ...(existsSync(FIXTURE) ? [readFileSync(FIXTURE)] : [])];
  run((random) => {
    const whole = wholes[random(wholes.length)] ?? new Uint8Array();
    const result = decodeSldc(spoiltBytes(whole, random), BOUND);
    if (result.kind === "decoded" && result.bytes.length > BOUND) throw new Error("it grew beyond the bound");
    return result.kind === "decoded";
  });
});

it(`a message is read or refused, whatever the text, and is never more than it was (seed ${seed})`, {
  timeout: LONG,
}, () => {
  const short = aMessage({
    action: "http://schemas.dmtf.org/wbem/wsman/1/wsman/Events",
    header: `<e:Identifier>${id}</e:Identifier><w:AckRequested/>`,
    body: "<w:Events><w:Event><![CDATA[<Event/>]]></w:Event></w:Events>",
  });
  const wholes = [short, anEventsMessage({ identifier: id, events: ["<Event>&amp;</Event>"] })];
  run((random) => {
    const text = spoiltText(wholes[random(wholes.length)] ?? "", random);
    const bytes = random(2) === 0 ? Buffer.from(text, "utf8") : Buffer.from(`\ufeff${text}`, "utf16le");
    const read = readSoap(readMessageText(bytes, "").text);
    if (read.kind === "message" && read.message.events.join("").length > text.length)
      throw new Error("events grew");
    return read.kind === "message";
  });
});

it(`an event is read or damaged, whatever the text, and its fields never more than it was (seed ${seed})`, {
  timeout: LONG,
}, () => {
  const whole = logonXml("ana", { time: Date.UTC(2026, 0, 5) });
  run((random) => {
    const text = spoiltText(whole, random);
    const read = readEvent(text);
    if (read.kind === "event" && (read.event.data("TargetUserName") ?? "").length > text.length)
      throw new Error("a field grew");
    return read.kind === "event";
  });
});

it.each([
  ["open brackets", `<a ${"<".repeat(600_000)}`],
  ["a comment without end", `<!--${"-".repeat(600_000)}`],
  ["ends of CDATA", `<a>${"]".repeat(600_000)}`],
  ["a document type without end", `<!DOCTYPE ${"[".repeat(600_000)}`],
  ["a number without end", `<a>&#${"1".repeat(600_000)}`],
  ["a name of prefixes", `<${"a:".repeat(300_000)}`],
  ["elements without end", "<a>".repeat(200_000)],
  ["attributes without end", `<a ${Array.from({ length: 60_000 }, (_, n) => `q${n}='1'`).join(" ")}/>`],
  ["entities of entities", '<!DOCTYPE a [<!ENTITY x "xx"><!ENTITY y "&x;&x;">]><a>&y;</a>'],
])("a message of %s is refused in linear time", (_, text) => {
  const began = performance.now();
  expect(readXml(text).kind).toBe("refused");
  expect(performance.now() - began).toBeLessThan(SLOW_MS);
});
