/** A kind of event that Windows writes only where its audit policy says so. */
export interface AuditSubcategory {
  /** In English; `auditpol` knows it by its GUID in every language. */
  readonly name: string;
  readonly guid: string;
  readonly eventIds: readonly number[];
}

/**
 * Those whose events come all day where they are switched on, so that none among many says that they are not. Credential
 * Validation is not among them: where nobody uses NTLM, nothing is written.
 * Source: Windows "Advanced security audit policy settings" (documented); GUIDs of [MS-GPAC] 2.2.1.4 (documented).
 */
export const AUDIT_SUBCATEGORIES: readonly AuditSubcategory[] = [
  {
    name: "Kerberos Authentication Service",
    guid: "{0CCE9242-69AE-11D9-BED3-505054503030}",
    eventIds: [4768],
  },
  {
    name: "Kerberos Service Ticket Operations",
    guid: "{0CCE9240-69AE-11D9-BED3-505054503030}",
    eventIds: [4769, 4770],
  },
  { name: "Logon", guid: "{0CCE9215-69AE-11D9-BED3-505054503030}", eventIds: [4624] },
  { name: "Logoff", guid: "{0CCE9216-69AE-11D9-BED3-505054503030}", eventIds: [4634, 4647] },
];

/** The command that switches it on, for whoever administers the server. */
export function auditpolLine({ guid }: AuditSubcategory): string {
  return `auditpol /set /subcategory:"${guid}" /success:enable`;
}

/** Subcategories that rules want events of, and of which none is among those that were seen. */
export function auditGaps(
  wanted: ReadonlySet<number>,
  seen: ReadonlySet<number>,
): readonly AuditSubcategory[] {
  return AUDIT_SUBCATEGORIES.filter(
    ({ eventIds }) => eventIds.some((id) => wanted.has(id)) && !eventIds.some((id) => seen.has(id)),
  );
}
