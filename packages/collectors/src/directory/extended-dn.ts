export interface ExtendedDn {
  readonly guid: string | null;
  /** Null for what has no SID: a contact, an OU. */
  readonly sid: string | null;
  readonly dn: string;
}

/** Reads `<GUID=…>;<SID=…>;CN=…`. A plain DN, from a server that does not know the control, has neither. */
export function parseExtendedDn(text: string): ExtendedDn {
  let guid: string | null = null;
  let sid: string | null = null;
  let from = 0;
  // By hand: a group may have a hundred thousand of them.
  for (;;) {
    const isGuid = text.startsWith("<GUID=", from);
    if (!isGuid && !text.startsWith("<SID=", from)) break;
    const start = from + (isGuid ? 6 : 5);
    const end = text.indexOf(">;", start);
    if (end < 0) break;
    if (isGuid) guid = text.slice(start, end);
    else sid = text.slice(start, end);
    from = end + 2;
  }
  return { guid, sid, dn: text.slice(from) };
}

/** `DC=corp,DC=example` as a DNS name in lower case; null where the DN has no DC. */
export function domainOfDn(dn: string): string | null {
  const labels = [...dn.matchAll(/(?:^|,)DC=([^,]+)/gi)].map((match) => match[1]?.toLowerCase() ?? "");
  return labels.length === 0 ? null : labels.join(".");
}
