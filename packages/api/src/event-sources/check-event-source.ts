import { isIP } from "node:net";
import type { TenantHandle } from "@rollcall/db";

/** What an event log needs beside its own fields, as agents check it: a login that works there, and a space. */
export interface WantedEventSource {
  readonly name: string;
  readonly kind: string;
  readonly channelPath: string | null;
  readonly host: string;
  readonly credentialId: string;
  readonly addressSpaceId: string | undefined;
  readonly rulesOff: readonly string[];
  readonly rulesOn: readonly string[];
}

export type EventSourceFault =
  | { readonly kind: "space-not-found" }
  | { readonly kind: "credential-not-found" }
  | { readonly kind: "name-taken" }
  | { readonly kind: "address-needs-ntlm"; readonly credential: string }
  | { readonly kind: "other-log"; readonly log: string }
  | { readonly kind: "rule-on-and-off"; readonly rule: string };

export type CheckedEventSource =
  | { readonly kind: "fine"; readonly addressSpaceId: string }
  | EventSourceFault;

export async function checkEventSource(
  { tx, tenantId }: Pick<TenantHandle, "tx" | "tenantId">,
  wanted: WantedEventSource,
  ownId: string | null,
): Promise<CheckedEventSource> {
  const { addressSpaceId, credentialId } = wanted;
  const space = await tx.addressSpace.findFirst({
    where: addressSpaceId === undefined ? { tenantId, isDefault: true } : { tenantId, id: addressSpaceId },
    select: { id: true },
  });
  if (space === null) return { kind: "space-not-found" };
  const credential = await tx.credential.findUnique({
    where: { tenantId_id: { tenantId, id: credentialId } },
    select: { name: true, allowNtlm: true },
  });
  if (credential === null) return { kind: "credential-not-found" };
  const others = await tx.eventSource.findMany({
    where: { tenantId, ...(ownId === null ? {} : { id: { not: ownId } }) },
    select: { name: true },
  });
  if (others.some((other) => other.name.toLowerCase() === wanted.name.toLowerCase()))
    return { kind: "name-taken" };
  if (isIP(wanted.host) !== 0 && !credential.allowNtlm)
    return { kind: "address-needs-ntlm", credential: credential.name };
  // An agent refuses its whole configuration for it: logons of such a server stand in no other log.
  if (wanted.kind !== "event-collector" && (wanted.channelPath ?? "Security").toLowerCase() !== "security")
    return { kind: "other-log", log: wanted.channelPath ?? "" };
  const rule = wanted.rulesOn.find((id) => wanted.rulesOff.includes(id));
  if (rule !== undefined) return { kind: "rule-on-and-off", rule };
  return { kind: "fine", addressSpaceId: space.id };
}
