/** Messages as computers send them: shaped after captured ones (windows-events 6), written here. */

const NAMESPACES =
  'xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:e="http://schemas.xmlsoap.org/ws/2004/08/eventing" xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd" xmlns:p="http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd"';
const ANONYMOUS = "http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous";

export interface MessageSketch {
  readonly action: string;
  readonly messageId?: string;
  /** More of the header. */
  readonly header?: string;
  readonly body?: string;
}

export function aMessage({
  action,
  messageId = "uuid:EEC04F74-A27D-4C3A-AEF5-BC5BF54359BA",
  header = "",
  body = "",
}: MessageSketch): string {
  return `<s:Envelope ${NAMESPACES}><s:Header><a:To>https://agent.corp.example:5986/wsman</a:To><m:MachineID xmlns:m="http://schemas.microsoft.com/wbem/wsman/1/machineid" s:mustUnderstand="false">pc7.corp.example</m:MachineID><a:ReplyTo><a:Address s:mustUnderstand="true">${ANONYMOUS}</a:Address></a:ReplyTo><a:Action s:mustUnderstand="true">${action}</a:Action><w:MaxEnvelopeSize s:mustUnderstand="true">512000</w:MaxEnvelopeSize><a:MessageID>${messageId}</a:MessageID><w:Locale xml:lang="en-US" s:mustUnderstand="false" /><p:OperationID s:mustUnderstand="false">uuid:EA2EE566-2CC1-49A0-A726-BCE7DC356E22</p:OperationID><p:SequenceId s:mustUnderstand="false">1</p:SequenceId>${header}</s:Header><s:Body>${body}</s:Body></s:Envelope>`;
}

export function anEnumerate(messageId?: string): string {
  return aMessage({
    action: "http://schemas.xmlsoap.org/ws/2004/09/enumeration/Enumerate",
    ...(messageId === undefined ? {} : { messageId }),
    header:
      '<w:ResourceURI s:mustUnderstand="true">http://schemas.microsoft.com/wbem/wsman/1/SubscriptionManager/Subscription</w:ResourceURI>',
    body: '<n:Enumerate xmlns:n="http://schemas.xmlsoap.org/ws/2004/09/enumeration"><w:OptimizeEnumeration/><w:MaxElements>32000</w:MaxElements></n:Enumerate>',
  });
}

export interface EventsSketch {
  readonly identifier: string;
  readonly events: readonly string[];
  /** The number of the last record, of the Security log. */
  readonly recordId?: string;
  /** As Windows writes it once. */
  readonly isBackward?: boolean;
}

export function anEventsMessage({
  identifier,
  events,
  recordId = "7",
  isBackward = false,
}: EventsSketch): string {
  const direction = isBackward ? ' Direction="backward"' : "";
  return aMessage({
    action: "http://schemas.dmtf.org/wbem/wsman/1/wsman/Events",
    header: `<e:Identifier>${identifier}</e:Identifier><w:Bookmark><BookmarkList${direction}><Bookmark Channel="Security" RecordId="${recordId}" IsCurrent="true"/></BookmarkList></w:Bookmark><w:AckRequested/>`,
    body: `<w:Events>${events.map((event) => `<w:Event Action="http://schemas.dmtf.org/wbem/wsman/1/wsman/Event"><![CDATA[${event}]]></w:Event>`).join("")}</w:Events>`,
  });
}

export function aHeartbeat(identifier: string): string {
  return aMessage({
    action: "http://schemas.dmtf.org/wbem/wsman/1/wsman/Heartbeat",
    header: `<e:Identifier>${identifier}</e:Identifier><w:AckRequested/>`,
    body: "<w:Events></w:Events>",
  });
}

export interface EventXmlSketch {
  readonly eventId: number;
  readonly computer?: string;
  readonly recordId?: number;
  /** Epoch ms. */
  readonly time: number;
  readonly channel?: string;
  readonly data?: Readonly<Record<string, string>>;
}

/** A record of the Security log as Windows renders it. */
export function eventXml({
  eventId,
  computer = "pc7.corp.example",
  recordId = 7,
  time,
  channel = "Security",
  data = {},
}: EventXmlSketch): string {
  const fields = Object.entries(data)
    .map(([name, value]) => `<Data Name='${name}'>${value}</Data>`)
    .join("");
  const at = `${new Date(time).toISOString().slice(0, -1)}4321Z`;
  return `<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='Microsoft-Windows-Security-Auditing' Guid='{54849625-5478-4994-a5ba-3e3b0328c30d}'/><EventID>${eventId}</EventID><Version>2</Version><Level>0</Level><Task>12544</Task><Opcode>0</Opcode><Keywords>0x8020000000000000</Keywords><TimeCreated SystemTime='${at}'/><EventRecordID>${recordId}</EventRecordID><Correlation/><Execution ProcessID='700' ThreadID='800'/><Channel>${channel}</Channel><Computer>${computer}</Computer><Security/></System><EventData>${fields}</EventData></Event>`;
}

/** Somebody logs on at the keyboard. */
export function logonXml(user: string, given: Omit<EventXmlSketch, "eventId">): string {
  return eventXml({
    eventId: 4624,
    ...given,
    data: {
      SubjectUserSid: "S-1-5-18",
      SubjectUserName: "PC7$",
      TargetUserSid: "S-1-5-21-1-2-3-1104",
      TargetUserName: user,
      TargetDomainName: "CORP",
      TargetLogonId: "0x1a2b3c",
      LogonType: "2",
      IpAddress: "127.0.0.1",
      ...given.data,
    },
  });
}

/** What the forwarder itself writes when it begins to read. */
export const BOOKMARK_EVENT =
  "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='Microsoft-Windows-EventForwarder'/><EventID>111</EventID><TimeCreated SystemTime='2026-01-05T09:00:00.000Z'/><Computer>pc7.corp.example</Computer></System><SubscriptionBookmarkEvent><SubscriptionId></SubscriptionId></SubscriptionBookmarkEvent></Event>";
