import type { TenantHandle } from "@rollcall/db";

/** Whatever says of addresses of one space who is there. */
export interface Speaker {
  readonly siteId: string;
  readonly addressSpaceId: string;
}

/** An agent holds the spaces its site's sources speak for, and always the customer's default one. */
export function heldSpaces(
  addressSpaces: readonly { readonly id: string; readonly isDefault: boolean }[],
  speakers: readonly Pick<Speaker, "addressSpaceId">[],
): Set<string> {
  return new Set([
    ...addressSpaces.filter((space) => space.isDefault).map((space) => space.id),
    ...speakers.map(({ addressSpaceId }) => addressSpaceId),
  ]);
}

/** The sources that speak for address spaces: of one site, or of all; those switched off too where they are asked for. */
export async function readSpeakers(
  tx: TenantHandle["tx"],
  {
    tenantId,
    siteId,
    enabled,
  }: { readonly tenantId: string; readonly siteId?: string; readonly enabled?: true },
): Promise<Speaker[]> {
  const where = {
    tenantId,
    ...(siteId === undefined ? {} : { siteId }),
    ...(enabled === undefined ? {} : { enabled }),
  };
  const select = { siteId: true, addressSpaceId: true };
  return [
    ...(await tx.syslogSource.findMany({ where, select })),
    ...(await tx.eventSource.findMany({ where, select })),
    ...(await tx.wefReceiver.findMany({ where, select })),
    ...(await tx.pcProbe.findMany({ where, select })),
  ];
}
