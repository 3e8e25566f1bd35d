import { readXml, type XmlElement } from "../wef/xml-tree.ts";
import { ProbeFault } from "./ports.ts";
import type { ProbeRow } from "./seated-user.ts";

const SOAP = "http://www.w3.org/2003/05/soap-envelope";
const ADDRESSING = "http://schemas.xmlsoap.org/ws/2004/08/addressing";
const ENUMERATION = "http://schemas.xmlsoap.org/ws/2004/09/enumeration";
const WSMAN = "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd";
const ANONYMOUS = `${ADDRESSING}/role/anonymous`;
const EVERYTHING_OF_CIMV2 = "http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2/*";
const WQL = "http://schemas.microsoft.com/wbem/wsman/1/WQL";
const ROWS_AT_ONCE = 50;
/** An envelope from a question about one computer is far shorter. */
const CHARACTERS_MAX = 4 * 1024 * 1024;

/** What stands in the head of each message. */
export interface MessageHead {
  /** Where it goes: `http://host:5985/wsman`. */
  readonly to: string;
  readonly messageId: string;
  readonly timeoutMs: number;
}

/**
 * Asks for the rows of a question, and for the first of them with the answer.
 * Source: DSP0226 8.2 and 8.3 (documented); [MS-WSMV] 3.1.4.1.30 (documented).
 */
export function enumerateMessage(wql: string, head: MessageHead): string {
  return envelope(
    "Enumerate",
    head,
    `<n:Enumerate><w:OptimizeEnumeration/><w:MaxElements>${ROWS_AT_ONCE}</w:MaxElements>` +
      `<w:Filter Dialect="${WQL}">${escaped(wql)}</w:Filter></n:Enumerate>`,
  );
}

export function pullMessage(context: string, head: MessageHead): string {
  return envelope(
    "Pull",
    head,
    `<n:Pull><n:EnumerationContext>${escaped(context)}</n:EnumerationContext>` +
      `<n:MaxElements>${ROWS_AT_ONCE}</n:MaxElements></n:Pull>`,
  );
}

function envelope(action: string, { to, messageId, timeoutMs }: MessageHead, body: string): string {
  return (
    `<s:Envelope xmlns:s="${SOAP}" xmlns:a="${ADDRESSING}" xmlns:n="${ENUMERATION}" xmlns:w="${WSMAN}">` +
    `<s:Header><a:To>${escaped(to)}</a:To>` +
    `<w:ResourceURI s:mustUnderstand="true">${EVERYTHING_OF_CIMV2}</w:ResourceURI>` +
    `<a:ReplyTo><a:Address s:mustUnderstand="true">${ANONYMOUS}</a:Address></a:ReplyTo>` +
    `<a:Action s:mustUnderstand="true">${ENUMERATION}/${action}</a:Action>` +
    `<w:MaxEnvelopeSize s:mustUnderstand="true">512000</w:MaxEnvelopeSize>` +
    `<a:MessageID>uuid:${escaped(messageId)}</a:MessageID>` +
    `<w:OperationTimeout>PT${(timeoutMs / 1000).toFixed(3)}S</w:OperationTimeout>` +
    `</s:Header><s:Body>${body}</s:Body></s:Envelope>`
  );
}

export interface RowsMessage {
  readonly rows: readonly ProbeRow[];
  /** What to go on with; null: that was all. */
  readonly context: string | null;
}

/**
 * Reads the answer to either message.
 *
 * Shape:  one row for each item, whatever it is called: a question for some columns is answered with fragments. A reference
 *         becomes the path of its object, as WMI itself writes it.
 * Errors: `ProbeFault`: `denied` where a right is missing, else `failed` with what the computer says.
 * Source: DSP0226 8.3 (documented); that a projection comes as `XmlFragment` is seen in products, not captured here.
 */
export function readRows(text: string): RowsMessage {
  if (text.length > CHARACTERS_MAX) throw new ProbeFault("failed", "an answer that is too long");
  const read = readXml(text);
  if (read.kind === "refused")
    throw new ProbeFault("failed", `an answer that cannot be read: ${read.reason}`);
  const body = childOf(read.root, SOAP, "Body");
  const fault = body && childOf(body, SOAP, "Fault");
  if (fault) throw faultOf(fault);
  const response = body?.children.find(
    ({ uri, local }) => uri === ENUMERATION && (local === "EnumerateResponse" || local === "PullResponse"),
  );
  if (response === undefined) throw new ProbeFault("failed", "an answer to another question");
  const items = response.children.find(({ local }) => local === "Items");
  const isLast = response.children.some(({ local }) => local === "EndOfSequence");
  const context = response.children.find(({ local }) => local === "EnumerationContext")?.text.trim() ?? "";
  return {
    rows: (items?.children ?? []).map(rowOf),
    context: isLast || context === "" ? null : context,
  };
}

function rowOf(item: XmlElement): ProbeRow {
  return new Map(item.children.map((column) => [column.local, valueOfColumn(column)]));
}

function valueOfColumn(column: XmlElement): string | null {
  if (column.attributes.get("nil") === "true") return null;
  const reference = column.children.find(
    ({ uri, local }) => uri === ADDRESSING && local === "ReferenceParameters",
  );
  return reference === undefined ? column.text : pathOf(reference);
}

/** `Win32_Account.Domain="CORP",Name="ana"` of a reference with selectors. */
function pathOf(reference: XmlElement): string {
  const resource = childOf(reference, WSMAN, "ResourceURI")?.text.trim() ?? "";
  const selectors = childOf(reference, WSMAN, "SelectorSet")?.children ?? [];
  const keys = selectors.map((selector) => {
    const value = selector.text.replaceAll("\\", "\\\\").replaceAll('"', '\\"');
    return `${selector.attributes.get("Name") ?? ""}="${value}"`;
  });
  return `${resource.slice(resource.lastIndexOf("/") + 1)}.${keys.join(",")}`;
}

function faultOf(fault: XmlElement): ProbeFault {
  const texts = textsIn(fault);
  const isDenied = texts.some((text) => /(^|:)AccessDenied$/.test(text.trim()));
  const reason = childOf(fault, SOAP, "Reason")?.children[0]?.text.trim() ?? "no reason given";
  return new ProbeFault(isDenied ? "denied" : "failed", reason.slice(0, 500));
}

function textsIn(element: XmlElement): string[] {
  return [element.text, ...element.children.flatMap(textsIn)];
}

function childOf(element: XmlElement, uri: string, local: string): XmlElement | undefined {
  return element.children.find((child) => child.uri === uri && child.local === local);
}

function escaped(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
