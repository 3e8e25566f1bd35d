import type { WindowsEvent } from "@rollcall/event-rules";
import { sanitiseReferences } from "./message-text.ts";
import { childOf, readXml, type XmlElement } from "./xml-tree.ts";

export type ReadEvent =
  | { readonly kind: "event"; readonly event: WindowsEvent; readonly sanitised: number }
  /** Says only how far the computer has read: its place stands in the message around it. */
  | { readonly kind: "bookmark"; readonly sanitised: number }
  | { readonly kind: "damaged"; readonly reason: string; readonly sanitised: number };

const MAX_FIELDS = 500;
const MAX_NAME = 256;
/** Made up by the forwarder itself when a query begins. Source: OpenWEC, issue 291 (seen in code). */
const FORWARDER = "Microsoft-Windows-EventForwarder";
const BOOKMARK_EVENT = 111;

/**
 * Reads one event as Windows renders it, raw or with its text in the computer's language beside it (which is not read).
 *
 * Shape:  fields of `EventData`, or of the element within `UserData`, by name; of two with one name the first counts.
 * Units:  `time` is cut to the millisecond, as a record that is read from its log itself has it: it is part of its identity.
 * Errors: none thrown; a damaged event is a reason, and costs no other.
 * Source: the schema of Windows events, Win32 (documented); Windows' own export (captured: data/evtx/oracle).
 */
export function readEvent(xml: string): ReadEvent {
  const { text, sanitised } = sanitiseReferences(xml);
  const result = readXml(text);
  if (result.kind === "refused") return { kind: "damaged", reason: result.reason, sanitised };
  const { root } = result;
  const system = childOf(root, "System");
  if (root.local !== "Event" || system === null) return { kind: "damaged", reason: "no-event", sanitised };
  const textOf = (name: string): string => childOf(system, name)?.text.trim() ?? "";

  const provider = childOf(system, "Provider")?.attributes.get("Name") ?? "";
  const eventId = numberIn(textOf("EventID"), 65_535);
  if (eventId === null) return { kind: "damaged", reason: "no-event-id", sanitised };
  if (provider === FORWARDER && eventId === BOOKMARK_EVENT) return { kind: "bookmark", sanitised };
  const time = timeIn(childOf(system, "TimeCreated")?.attributes.get("SystemTime") ?? "");
  const recordId = textOf("EventRecordID");
  const computer = textOf("Computer");
  const channel = textOf("Channel");
  if (time === null) return { kind: "damaged", reason: "no-time", sanitised };
  if (!/^\d{1,20}$/.test(recordId)) return { kind: "damaged", reason: "no-record-id", sanitised };
  if ([computer, channel, provider].some((name) => name === "" || name.length > MAX_NAME))
    return { kind: "damaged", reason: "no-origin", sanitised };
  const fields = fieldsOf(root);
  return {
    kind: "event",
    sanitised,
    event: {
      provider,
      eventId,
      version: numberIn(textOf("Version"), 255) ?? 0,
      channel,
      computer,
      recordId: BigInt(recordId),
      time,
      data: (name) => fields.get(name) ?? null,
    },
  };
}

function fieldsOf(root: XmlElement): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  const add = (name: string, value: string): void => {
    if (name !== "" && !fields.has(name) && fields.size < MAX_FIELDS) fields.set(name, value);
  };
  for (const data of childOf(root, "EventData")?.children ?? [])
    if (data.local === "Data") add(data.attributes.get("Name") ?? "", data.text);
  for (const data of childOf(root, "UserData")?.children[0]?.children ?? []) add(data.local, data.text);
  return fields;
}

function numberIn(text: string, max: number): number | null {
  if (!/^\d{1,5}$/.test(text)) return null;
  const number = Number(text);
  return number <= max ? number : null;
}

/** `2026-01-05T09:00:00.1234567Z`, epoch ms. Null for anything else. */
function timeIn(text: string): number | null {
  const parts = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z$/.exec(text);
  if (parts === null) return null;
  const seconds = Date.parse(`${parts[1]}Z`);
  return Number.isNaN(seconds) ? null : seconds + Number((parts[2] ?? "").padEnd(3, "0").slice(0, 3));
}
