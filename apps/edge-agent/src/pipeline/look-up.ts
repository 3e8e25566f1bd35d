import { type Entry, type IpAddress, parseIp, type SessionTable } from "@rollcall/identity-core";

const FOUND_MAX = 100;

export interface AddressAnswer {
  readonly entry: Entry;
  /** Why the answer is what it is, in sentences. */
  readonly explanation: string[];
}

/** Everything known of one address, in each address space where something is known. */
export function lookUpAddress(
  table: SessionTable,
  ip: IpAddress,
  now: number,
  addressSpaceId?: string,
): AddressAnswer[] {
  const found: AddressAnswer[] = [];
  for (const entry of table.entries()) {
    if (entry.ip !== ip || (addressSpaceId !== undefined && entry.addressSpaceId !== addressSpaceId))
      continue;
    found.push(answer(table, entry, now));
  }
  return found;
}

/** What is asked for: an address, or a name as `name`, `domain\name` or UPN, without case. */
export function lookUp(table: SessionTable, asked: string, now: number): AddressAnswer[] {
  const ip = parseIp(asked);
  if (ip !== null) return lookUpAddress(table, ip, now);
  const wanted = asked.toLowerCase();
  const found: AddressAnswer[] = [];
  for (const entry of table.entries()) {
    if (found.length >= FOUND_MAX) break;
    if (spellingsOf(entry, table).includes(wanted)) found.push(answer(table, entry, now));
  }
  return found;
}

function spellingsOf(entry: Entry, table: SessionTable): string[] {
  const { user, device } = entry;
  const spellings: string[] = [];
  if (user !== null) {
    spellings.push(
      user.name,
      `${user.domain}\\${user.name}`,
      user.upn ?? "",
      user.principalKey,
      ...(table.principals.factsOf(user.principalKey)?.aliases ?? []),
    );
  }
  if (device !== null) spellings.push(device.name, `${device.domain}\\${device.name}`);
  return spellings.map((spelling) => spelling.toLowerCase());
}

function answer(table: SessionTable, entry: Entry, now: number): AddressAnswer {
  const explained = table.explain(entry.addressSpaceId, entry.ip, now);
  return {
    entry,
    explanation: [explained.answer, ...explained.trace.map((line) => `${line.sentence} (rule ${line.rule})`)],
  };
}
