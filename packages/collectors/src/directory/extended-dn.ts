export interface ExtendedDn {
  readonly guid: string | null;
  /** Null for what has no SID: a contact, an OU. */
  readonly sid: string | null;
  readonly dn: string;
}

const PART = /^<(GUID|SID)=([^>]*)>;/;

/** Reads `<GUID=…>;<SID=…>;CN=…`. A plain DN, from a server that does not know the control, has neither. */
export function parseExtendedDn(text: string): ExtendedDn {
  let rest = text;
  let guid: string | null = null;
  let sid: string | null = null;
  for (let part = PART.exec(rest); part !== null; part = PART.exec(rest)) {
    if (part[1] === "GUID") guid = part[2] ?? null;
    else sid = part[2] ?? null;
    rest = rest.slice(part[0].length);
  }
  return { guid, sid, dn: rest };
}

/** `DC=corp,DC=example` as a DNS name in lower case; null where the DN has no DC. */
export function domainOfDn(dn: string): string | null {
  const labels = [...dn.matchAll(/(?:^|,)DC=([^,]+)/gi)].map((match) => match[1]?.toLowerCase() ?? "");
  return labels.length === 0 ? null : labels.join(".");
}
