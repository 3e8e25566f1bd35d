import { childOf, readXml, type XmlElement } from "./xml-tree.ts";

/** Where a computer is in one of its logs. Which way it was reading is left aside: what we hand back always goes forward. */
export interface ChannelMark {
  readonly channel: string;
  readonly recordId: string;
  /** The log that the computer was reading when it wrote this. */
  readonly isCurrent: boolean;
}

export interface SoapMessage {
  /** The address that says what is meant. */
  readonly action: string;
  /** As it was written: the answer repeats it, and computers compare it with its case. */
  readonly messageId: string;
  readonly operationId: string | null;
  /** Of the subscription; what it belongs to was told in the subscription itself. */
  readonly identifier: string | null;
  /** What the sender calls itself. Proves nothing. */
  readonly machineId: string | null;
  readonly wantsAck: boolean;
  /** Empty where the sender gave none. */
  readonly marks: readonly ChannelMark[];
  /** Each as XML of its own. */
  readonly events: readonly string[];
}

export type SoapResult =
  | { readonly kind: "message"; readonly message: SoapMessage }
  | { readonly kind: "refused"; readonly reason: string };

const SOAP = "http://www.w3.org/2003/05/soap-envelope";
/** Far more than Windows puts into 512 kB. */
const MAX_EVENTS = 5000;
const MAX_MARKS = 64;
const MAX_CHANNEL = 256;
const MAX_ADDRESS = 300;
const MAX_ID = 100;

/**
 * Reads a SOAP envelope of WS-Management, as far as event forwarding needs it.
 *
 * Errors: none thrown; what cannot be used is a reason.
 * Source: MS-WSMV 3.1.4.1.30, DSP0226 10 (documented); headers as Windows sends them (captured).
 */
export function readSoap(text: string): SoapResult {
  const result = readXml(text);
  if (result.kind === "refused") return result;
  const { root } = result;
  if (root.local !== "Envelope" || root.uri !== SOAP) return { kind: "refused", reason: "no-envelope" };
  const header = childOf(root, "Header", SOAP);
  const body = childOf(root, "Body", SOAP);
  if (header === null || body === null) return { kind: "refused", reason: "no-envelope" };
  const said = (name: string): string | null => {
    const text = childOf(header, name)?.text.trim() ?? "";
    return text === "" ? null : text;
  };
  const action = said("Action");
  const messageId = said("MessageID");
  if (action === null || action.length > MAX_ADDRESS) return { kind: "refused", reason: "no-action" };
  if (messageId === null || messageId.length > MAX_ID) return { kind: "refused", reason: "no-message-id" };
  const events = childOf(body, "Events")?.children.filter((child) => child.local === "Event") ?? [];
  if (events.length > MAX_EVENTS) return { kind: "refused", reason: "too-many-events" };
  return {
    kind: "message",
    message: {
      action,
      messageId,
      operationId: short(said("OperationID")),
      identifier: short(said("Identifier")),
      machineId: short(said("MachineID")),
      wantsAck: childOf(header, "AckRequested") !== null,
      marks: marksIn(childOf(header, "Bookmark")),
      events: events.map((event) => event.text),
    },
  };
}

function short(text: string | null): string | null {
  return text === null || text.length > MAX_ADDRESS ? null : text;
}

function marksIn(bookmark: XmlElement | null): ChannelMark[] {
  const marks: ChannelMark[] = [];
  for (const one of childOf(bookmark, "BookmarkList")?.children ?? []) {
    const channel = one.attributes.get("Channel") ?? "";
    const recordId = one.attributes.get("RecordId") ?? "";
    if (one.local !== "Bookmark" || channel === "" || channel.length > MAX_CHANNEL) continue;
    if (!/^\d{1,20}$/.test(recordId)) continue;
    marks.push({ channel, recordId, isCurrent: one.attributes.get("IsCurrent") === "true" });
    if (marks.length === MAX_MARKS) break;
  }
  return marks;
}
