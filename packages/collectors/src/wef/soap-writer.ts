import type { ChannelMark, SoapMessage } from "./soap-reader.ts";
import type { Subscription } from "./subscription.ts";
import { escapeXml } from "./xml-tree.ts";

const ANONYMOUS = "http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous";
const EARLIEST = "http://schemas.dmtf.org/wbem/wsman/1/wsman/bookmark/earliest";
const NAMESPACES = [
  'xmlns:s="http://www.w3.org/2003/05/soap-envelope"',
  'xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"',
  'xmlns:e="http://schemas.xmlsoap.org/ws/2004/08/eventing"',
  'xmlns:n="http://schemas.xmlsoap.org/ws/2004/09/enumeration"',
  'xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"',
  'xmlns:p="http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd"',
].join(" ");

/** Units: bytes of a whole message, as Windows' own collector asks for. */
export const MAX_ENVELOPE_BYTES = 512_000;

export interface EnumerateAnswer {
  readonly subscription: Subscription;
  /** Where to go on; empty at the first time. */
  readonly marks: readonly ChannelMark[];
  /** Gives a fresh identity, upper case. */
  readonly newId: () => string;
}

/**
 * The answer to `Enumerate`: the one subscription, as the message that subscribes to it.
 * Source: Windows' own collector (captured); MS-WSMV 3.1.4.1.30 (documented).
 */
export function enumerateResponse(
  asked: SoapMessage,
  { subscription, marks, newId }: EnumerateAnswer,
): string {
  const action = "http://schemas.xmlsoap.org/ws/2004/09/enumeration/EnumerateResponse";
  const items = `<m:Subscription xmlns:m="http://schemas.microsoft.com/wbem/wsman/1/subscription"><m:Version>uuid:${subscription.version}</m:Version>${subscribe(subscription, marks, newId)}</m:Subscription>`;
  return envelope(
    headerOf(asked, action, newId),
    `<n:EnumerateResponse><n:EnumerationContext></n:EnumerationContext><w:Items>${items}</w:Items><w:EndOfSequence/></n:EnumerateResponse>`,
  );
}

/** Says that what was sent is kept: the computer goes on after it. */
export function ack(asked: SoapMessage, newId: () => string): string {
  return envelope(headerOf(asked, "http://schemas.dmtf.org/wbem/wsman/1/wsman/Ack", newId), "");
}

function envelope(header: string, body: string): string {
  return `<s:Envelope xml:lang="en-US" ${NAMESPACES}><s:Header>${header}</s:Header><s:Body>${body}</s:Body></s:Envelope>`;
}

/** `RelatesTo` repeats the question's identity to the letter: Windows compares case. */
function headerOf(asked: SoapMessage, action: string, newId: () => string): string {
  const operation =
    asked.operationId === null
      ? ""
      : `<p:OperationID s:mustUnderstand="false">${escapeXml(asked.operationId)}</p:OperationID>`;
  return `<a:Action>${action}</a:Action><a:MessageID>uuid:${newId()}</a:MessageID><a:To>${ANONYMOUS}</a:To>${operation}<p:SequenceId>1</p:SequenceId><a:RelatesTo>${escapeXml(asked.messageId)}</a:RelatesTo>`;
}

function subscribe(subscription: Subscription, marks: readonly ChannelMark[], newId: () => string): string {
  const option = (name: string, value: string): string =>
    `<w:Option Name="${name}">${escapeXml(value)}</w:Option>`;
  const nil = (name: string): string => `<w:Option Name="${name}" xsi:nil="true"/>`;
  const options = [
    option("SubscriptionName", subscription.name),
    ...(subscription.compress ? [option("Compression", "SLDC")] : []),
    nil("CDATA"),
    // Only the values: what Windows would render beside them is in the computer's own language.
    option("ContentFormat", "Raw"),
    nil("IgnoreChannelError"),
    ...(subscription.readExisting ? [option("ReadExistingEvents", "true")] : []),
  ].join("");
  const header = `<a:To>${ANONYMOUS}</a:To><w:ResourceURI s:mustUnderstand="true">http://schemas.microsoft.com/wbem/wsman/1/windows/EventLog</w:ResourceURI><a:ReplyTo><a:Address s:mustUnderstand="true">${ANONYMOUS}</a:Address></a:ReplyTo><a:Action s:mustUnderstand="true">http://schemas.xmlsoap.org/ws/2004/08/eventing/Subscribe</a:Action><w:MaxEnvelopeSize s:mustUnderstand="true">${MAX_ENVELOPE_BYTES}</w:MaxEnvelopeSize><a:MessageID>uuid:${newId()}</a:MessageID><w:Locale xml:lang="en-US" s:mustUnderstand="false"/><p:DataLocale xml:lang="en-US" s:mustUnderstand="false"/><p:OperationID s:mustUnderstand="false">uuid:${newId()}</p:OperationID><p:SequenceId s:mustUnderstand="false">1</p:SequenceId><w:OptionSet xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">${options}</w:OptionSet>`;
  const place = `<a:Address>${escapeXml(subscription.notifyTo)}</a:Address><a:ReferenceProperties><e:Identifier>${subscription.version}</e:Identifier></a:ReferenceProperties>`;
  const delivery = `<e:Delivery Mode="http://schemas.dmtf.org/wbem/wsman/1/wsman/Events"><w:Heartbeats>PT${subscription.heartbeatSeconds}.000S</w:Heartbeats><e:NotifyTo>${place}${policy(subscription.issuers)}</e:NotifyTo><w:ConnectionRetry Total="5">PT60.0S</w:ConnectionRetry><w:MaxTime>PT5.000S</w:MaxTime><w:MaxEnvelopeSize Policy="Notify">${MAX_ENVELOPE_BYTES}</w:MaxEnvelopeSize><w:Locale xml:lang="en-US" s:mustUnderstand="false"/><p:DataLocale xml:lang="en-US" s:mustUnderstand="false"/><w:ContentEncoding>UTF-16</w:ContentEncoding></e:Delivery>`;
  const filter = `<w:Filter Dialect="http://schemas.microsoft.com/win/2004/08/events/eventquery">${subscription.query}</w:Filter>`;
  const body = `<e:Subscribe><e:EndTo>${place}</e:EndTo>${delivery}${filter}${bookmark(subscription, marks)}<w:SendBookmarks/></e:Subscribe>`;
  return envelope(header, body);
}

/** One alternative for each authority: the computer takes the certificate that one of them issued. */
function policy(issuers: readonly string[]): string {
  const alternatives = issuers
    .map(
      (issuer) =>
        `<c:All><auth:Authentication Profile="http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/https/mutual"><auth:ClientCertificate><auth:Thumbprint Role="issuer">${issuer}</auth:Thumbprint></auth:ClientCertificate></auth:Authentication></c:All>`,
    )
    .join("");
  return `<c:Policy xmlns:c="http://schemas.xmlsoap.org/ws/2002/12/policy" xmlns:auth="http://schemas.microsoft.com/wbem/wsman/1/authentication"><c:ExactlyOne>${alternatives}</c:ExactlyOne></c:Policy>`;
}

function bookmark(subscription: Subscription, marks: readonly ChannelMark[]): string {
  if (marks.length === 0) return subscription.readExisting ? `<w:Bookmark>${EARLIEST}</w:Bookmark>` : "";
  const list = marks
    .map(
      ({ channel, recordId, isCurrent }) =>
        `<Bookmark Channel="${escapeXml(channel)}" RecordId="${recordId}"${isCurrent ? ' IsCurrent="true"' : ""}/>`,
    )
    .join("");
  return `<w:Bookmark><BookmarkList>${list}</BookmarkList></w:Bookmark>`;
}
