import { Even6Dialect } from "../../binxml/even6-dialect.ts";
import type { XmlElement, XmlNode } from "../../binxml/node.ts";
import { even6Form } from "../../evtx/even6-form.ts";

export interface PlainEvent {
  readonly provider: string;
  readonly eventId: number;
  readonly channel: string;
  readonly computer: string;
  readonly recordId: bigint;
  /** ISO 8601. */
  readonly time: string;
  readonly keywords?: string;
  readonly data?: Readonly<Record<string, string>>;
}

/**
 * A record without a template, its values as texts: as collectors keep what was forwarded to them. For events of which no
 * real record is at hand; hand-written, and named so where it is used.
 */
export function plainRecord(event: PlainEvent): Buffer {
  const system = element("System", [
    element("Provider", [], { Name: event.provider }),
    element("EventID", [text(String(event.eventId))]),
    element("Version", [text("0")]),
    element("Level", [text("4")]),
    element("Keywords", [text(event.keywords ?? "0x8020000000000000")]),
    element("TimeCreated", [], { SystemTime: event.time }),
    element("EventRecordID", [text(String(event.recordId))]),
    element("Channel", [text(event.channel)]),
    element("Computer", [text(event.computer)]),
  ]);
  const data = Object.entries(event.data ?? {}).map(([name, value]) =>
    element("Data", [text(value)], { Name: name }),
  );
  const root = element("Event", [system, element("EventData", data)], {
    xmlns: "http://schemas.microsoft.com/win/2004/08/events/event",
  });
  return even6Form(root, new Even6Dialect());
}

function element(
  name: string,
  children: readonly XmlNode[],
  attributes: Readonly<Record<string, string>> = {},
): XmlElement {
  return {
    kind: "element",
    name,
    dependsOn: -1,
    attributes: Object.entries(attributes).map(([attribute, value]) => ({
      name: attribute,
      parts: [{ kind: "text", text: value }],
    })),
    children,
    isEmpty: children.length === 0,
  };
}

function text(value: string): XmlNode {
  return { kind: "text", text: value };
}
