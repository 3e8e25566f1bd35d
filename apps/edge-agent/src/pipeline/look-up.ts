import {
  type Entry,
  type EntryFilter,
  type ExplanationLine,
  type IpAddress,
  parseIp,
  type SessionTable,
} from "@rollcall/identity-core";
import type { SuppressionJournal } from "./suppression-journal.ts";

const FOUND_MAX = 100;
const SPACES_MAX = 16;

/** What an answer is made of: the table, and what it does not know. */
export interface LookUpView {
  readonly table: SessionTable;
  readonly journal?: SuppressionJournal;
  /** Address spaces of this site, for addresses of which no entry was ever made. */
  readonly spaces?: readonly string[];
  /** Who is told of entries, and through which filter. */
  readonly readers?: readonly { readonly name: string; readonly filter: EntryFilter }[];
}

export interface AddressAnswer {
  readonly addressSpaceId: string;
  readonly ip: IpAddress;
  /** Null: nobody was ever known there, but something was said of it. */
  readonly entry: Entry | null;
  /** Why the answer is what it is, in sentences. */
  readonly explanation: string[];
  /** The same in full: every observation and what became of it. */
  readonly lines: readonly ExplanationLine[];
  /** Who is there, in one sentence. */
  readonly answer: string;
  readonly nextChangeAt: number | null;
}

/** Everything known of one address, in each address space where something is known. */
export function lookUpAddress(
  view: LookUpView,
  ip: IpAddress,
  now: number,
  addressSpaceId?: string,
): AddressAnswer[] {
  return spacesOf(view, ip, addressSpaceId)
    .slice(0, SPACES_MAX)
    .map((space) => answer(view, space, ip, now));
}

/** What is asked for: an address, or a name as `name`, `domain\\name` or UPN, without case. */
export function lookUp(view: LookUpView, asked: string, now: number): AddressAnswer[] {
  const ip = parseIp(asked);
  if (ip !== null) return lookUpAddress(view, ip, now);
  const wanted = asked.toLowerCase();
  const found: AddressAnswer[] = [];
  for (const entry of view.table.entriesOfSpelling(wanted)) {
    if (found.length >= FOUND_MAX) break;
    if (spellingsOf(entry, view.table).includes(wanted))
      found.push(answer(view, entry.addressSpaceId, entry.ip, now));
  }
  return found;
}

function spacesOf(view: LookUpView, ip: IpAddress, only: string | undefined): string[] {
  const spaces = new Set<string>();
  if (only !== undefined) spaces.add(only);
  else {
    for (const entry of view.table.entriesOf(ip)) spaces.add(entry.addressSpaceId);
    for (const space of view.journal?.spacesOf(ip) ?? []) spaces.add(space);
    for (const space of view.spaces ?? []) spaces.add(space);
  }
  return [...spaces].filter(
    (space) =>
      view.table.stateOf(space, ip) !== null ||
      view.table.entryOf(space, ip) !== null ||
      (view.journal?.linesOf(space, ip).length ?? 0) > 0,
  );
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

function answer(view: LookUpView, addressSpaceId: string, ip: IpAddress, now: number): AddressAnswer {
  const explained = view.table.explain(addressSpaceId, ip, now, {
    suppressed: view.journal?.linesOf(addressSpaceId, ip) ?? [],
    readers: view.readers ?? [],
    alsoLiveIn: view.table
      .entriesOf(ip)
      .flatMap((entry) =>
        entry.addressSpaceId !== addressSpaceId && (entry.user !== null || entry.device !== null)
          ? [entry.addressSpaceId]
          : [],
      ),
  });
  return {
    addressSpaceId,
    ip,
    entry: view.table.entryOf(addressSpaceId, ip),
    explanation: [explained.answer, ...explained.trace.map((line) => `${line.sentence} (rule ${line.rule})`)],
    lines: explained.lines,
    answer: explained.answer,
    nextChangeAt: explained.nextChangeAt,
  };
}
