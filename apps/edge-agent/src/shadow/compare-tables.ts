import type { Entry, IpAddress } from "@rollcall/identity-core";
import type { ReportedEntry } from "@rollcall/srx-protocol/recording";

/** How the two tables differ at one address. One word an address: the first that fits, in this order. */
export const DIFFERENCE_KINDS = [
  "only-there",
  "only-here",
  "other-user",
  "other-groups",
  "other-device",
] as const;
export type DifferenceKind = (typeof DIFFERENCE_KINDS)[number];

export interface Difference {
  readonly ip: IpAddress;
  readonly kind: DifferenceKind;
  readonly here: string;
  readonly there: string;
  /** What the other server gives as its source; empty where it gives none. */
  readonly source: string;
  /** Epoch ms since when it is so. */
  readonly since: number;
}

export interface Comparison {
  readonly at: number;
  readonly same: number;
  readonly here: number;
  readonly there: number;
  readonly differences: readonly Difference[];
}

export interface CompareOptions {
  readonly at: number;
  /** Called now and then: a large table must not hold up everything else. */
  readonly pause: () => Promise<void>;
}

const PIECE = 5000;

/**
 * Compares who is where: people by name and domain without case, groups as sets without case, machines by their short name.
 *
 * Shape:  one difference an address at most. `before` is the last comparison's: a difference of the same kind and content
 *         keeps its beginning. A device alone counts as nobody there.
 * Units:  epoch ms.
 */
export async function compareTables(
  ours: Iterable<Entry>,
  theirs: ReadonlyMap<IpAddress, ReportedEntry>,
  before: ReadonlyMap<IpAddress, Difference>,
  { at, pause }: CompareOptions,
): Promise<Comparison> {
  const differences: Difference[] = [];
  const seen = new Set<IpAddress>();
  let same = 0;
  let here = 0;
  let looked = 0;
  const look = (ip: IpAddress, ourEntry: Entry | null, theirEntry: ReportedEntry | null): void => {
    const kind = kindOf(ourEntry, theirEntry);
    if (kind === null) {
      same += 1;
      return;
    }
    const difference = {
      ip,
      kind,
      here: sayOurs(ourEntry, kind),
      there: sayTheirs(theirEntry, kind),
      source: theirEntry?.source ?? "",
    };
    const known = before.get(ip);
    const goesOn =
      known !== undefined &&
      known.kind === kind &&
      known.here === difference.here &&
      known.there === difference.there;
    differences.push({ ...difference, since: goesOn ? known.since : at });
  };
  for (const entry of ours) {
    if (entry.user === null && entry.device === null) continue;
    here += 1;
    seen.add(entry.ip);
    look(entry.ip, entry, theirs.get(entry.ip) ?? null);
    if (++looked % PIECE === 0) await pause();
  }
  for (const [ip, entry] of theirs) {
    if (!seen.has(ip)) look(ip, null, entry);
    if (++looked % PIECE === 0) await pause();
  }
  return { at, same, here, there: theirs.size, differences };
}

function kindOf(ours: Entry | null, theirs: ReportedEntry | null): DifferenceKind | null {
  const user = ours?.user ?? null;
  const isNamedThere = theirs !== null && theirs.user !== "";
  if (user === null && isNamedThere) return "only-there";
  if (user !== null && !isNamedThere) return "only-here";
  if (user !== null && theirs !== null) {
    if (!isSamePerson(user, theirs)) return "other-user";
    if (!isSameSet(user.groups, theirs.roles)) return "other-groups";
  }
  const device = ours?.device?.name ?? "";
  return shortName(device) === shortName(theirs?.device ?? "") ? null : "other-device";
}

/** One side may say the DNS name of a domain and the other its NetBIOS name. */
function isSamePerson(user: NonNullable<Entry["user"]>, theirs: ReportedEntry): boolean {
  if (user.name.toLowerCase() !== theirs.user.toLowerCase()) return false;
  const there = theirs.domain.toLowerCase();
  if (there === "") return true;
  const names = [user.domain.toLowerCase(), user.netbiosDomain?.toLowerCase() ?? ""];
  return names.some((name) => name !== "" && (name === there || firstLabel(name) === firstLabel(there)));
}

function isSameSet(ours: readonly string[], theirs: readonly string[]): boolean {
  const here = new Set(ours.map((name) => name.toLowerCase()));
  const there = new Set(theirs.map((name) => name.toLowerCase()));
  return here.size === there.size && [...here].every((name) => there.has(name));
}

function sayOurs(entry: Entry | null, kind: DifferenceKind): string {
  if (kind === "other-device") return entry?.device?.name ?? "";
  const user = entry?.user ?? null;
  if (user === null) return "";
  return kind === "other-groups" ? listed(user.groups) : spelled(user.domain, user.name);
}

function sayTheirs(entry: ReportedEntry | null, kind: DifferenceKind): string {
  if (entry === null) return "";
  if (kind === "other-device") return entry.device;
  if (entry.user === "") return "";
  return kind === "other-groups" ? listed(entry.roles) : spelled(entry.domain, entry.user);
}

function spelled(domain: string, name: string): string {
  return domain === "" ? name : `${domain}\\${name}`;
}

function listed(groups: readonly string[]): string {
  return [...groups].sort().join(", ");
}

function shortName(name: string): string {
  return firstLabel(name.toLowerCase()).replace(/\$$/, "");
}

function firstLabel(name: string): string {
  return name.split(".", 1)[0] ?? "";
}
