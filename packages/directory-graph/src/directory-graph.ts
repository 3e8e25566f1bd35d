import { Column } from "@rollcall/identity-core/packed/column";
import { siblingSid } from "./binary-ids.ts";
import { type MemberChange, MembershipIndex } from "./membership-index.ts";
import { NameIndex } from "./name-index.ts";
import { NodeStore } from "./node-store.ts";
import { NumberSet } from "./number-set.ts";
import type {
  Affected,
  GraphSize,
  GroupFilter,
  GroupNaming,
  GroupRecord,
  PrincipalRecord,
  RemovedPrincipal,
} from "./records.ts";

interface Closure {
  /** Every security group reached, sorted by number. */
  readonly groups: readonly number[];
  names: readonly string[] | null;
}

/** A group as a firewall is told it, and the same without case, by which groups are sorted. */
interface ToldName {
  readonly name: string;
  readonly folded: string;
}

/**
 * Sets of direct groups whose transitive groups are kept; beyond, they are computed anew. Few: where hardly two people
 * are in the same groups none of them is asked for twice, and where thousands share some, those are few.
 */
const CLOSURES_MAX = 2000;
/** Aliases of a domain controller's own machine ("Users", "Guests"): they say nothing outside of it. */
const BUILTIN = "S-1-5-32-";
const everyGroup: GroupFilter = () => true;

/**
 * Users, devices and groups of one or more directories, and who is in what, however deeply nested.
 *
 * Holds: one numbered node a SID; members by number; the transitive groups of each *distinct* set of direct groups,
 *        computed when asked. People with the same direct groups share one answer.
 * Changes: by `upsert…`, `setMembers`, `changeMembers`, `remove`, `leave` and `endRead` only. Which principals must be looked at again is
 *        collected, and handed over by `takeAffected`.
 * Promises: cycles end; a member that was never read (a foreign principal) counts from the moment its SID is; a rename
 *        or a move breaks nothing, because links are by SID and objects by GUID.
 * Does not: know domains' trust, time, or LDAP. Domain-local groups count wherever they list a SID.
 */
export class DirectoryGraph {
  readonly #nodes = new NodeStore();
  readonly #seenIn = new Column("u32");
  /** Number of a principal's primary group + 1; 0: none. */
  readonly #primaryOf = new Column("u32");
  #read = 0;
  readonly #memberships = new MembershipIndex();
  readonly #groupNames = new NameIndex();
  #filter: GroupFilter;
  readonly #closures = new Map<string, Closure>();
  /** How each group is told, as long as no group changes; null: it is not. */
  readonly #toldNames = new Map<number, ToldName | null>();
  /** Groups that are, or were, somebody's primary group. */
  readonly #primaryGroups = new Set<number>();
  readonly #touched = new NumberSet();
  readonly #touchedGroups = new Set<number>();
  #removed: RemovedPrincipal[] = [];
  #size = { users: 0, devices: 0, groups: 0 };
  #mutations = 0;

  constructor(filter: GroupFilter = everyGroup) {
    this.#filter = filter;
  }

  /** Grows with everything that becomes another than it was: tells whether reading something again brought news. */
  get mutations(): number {
    return this.#mutations;
  }

  get size(): GraphSize {
    return this.#size;
  }

  /** Another choice of the groups that are listed. Everybody has to be looked at again. */
  setGroupFilter(filter: GroupFilter): void {
    this.#filter = filter;
    this.#forgetClosures();
    for (let id = 0; id < this.#nodes.count; id += 1) if (this.#nodes.isPrincipal(id)) this.#touched.add(id);
  }

  /** What is told of computers is chosen otherwise: all of them have to be looked at again. */
  touchDevices(): void {
    for (let id = 0; id < this.#nodes.count; id += 1)
      if (this.#nodes.kindOf(id) === "device") this.#touched.add(id);
  }

  /** Adds a user or device, or brings it up to date. Gives its number, which stays while its SID does. */
  upsertPrincipal(record: PrincipalRecord): number {
    const id = this.#claim(record.guid, record.sid);
    const before = this.#nodes.principal(id);
    if (before !== null && samePrincipal(before, record)) return id;
    this.#mutations += 1;
    this.#release(id);
    this.#nodes.writePrincipal(id, record);
    this.#primaryOf.set(id, (this.#primaryGroupOf(record) ?? -1) + 1);
    this.#count(record.kind, 1);
    this.#touchSharers(id, record.name);
    this.#touched.add(id);
    return id;
  }

  /** Adds a group, or brings it up to date. Its members come by `setMembers`. */
  upsertGroup(record: GroupRecord): number {
    const id = this.#claim(record.guid, record.sid);
    const before = this.#nodes.group(id);
    if (before !== null && sameGroup(before, record)) return id;
    this.#mutations += 1;
    this.#release(id);
    this.#nodes.writeGroup(id, record);
    this.#size.groups += 1;
    this.#touchNamesakes(record.name, () => this.#groupNames.add(record.name, id));
    this.#touchGroup(id);
    return id;
  }

  /**
   * Says who is directly in a group, all of them, by SID. SIDs that were not read are kept and count later.
   * Errors: a group that is not known is ignored; it is read before its members.
   */
  setMembers(groupGuid: string, memberSids: readonly string[]): void {
    const group = this.#nodes.findGuid(groupGuid);
    if (group < 0 || this.#nodes.kindOf(group) !== "group") return;
    this.#touchMembers(
      this.#memberships.replace(
        group,
        memberSids.map((sid) => this.#nodes.numberOf(sid)),
      ),
    );
  }

  /**
   * Says who came into a group and who left it; its other members stay.
   * Errors: false where the group is not known: its members have to be read as a whole then.
   */
  changeMembers(groupGuid: string, addedSids: readonly string[], removedSids: readonly string[]): boolean {
    const group = this.#nodes.findGuid(groupGuid);
    if (group < 0 || this.#nodes.kindOf(group) !== "group") return false;
    const numbers = (sids: readonly string[]) => sids.map((sid) => this.#nodes.numberOf(sid));
    this.#touchMembers(this.#memberships.change(group, numbers(addedSids), numbers(removedSids)));
    return true;
  }

  /** The groups of one directory that a principal is directly in, its primary group left out. */
  directGroups(sid: string, directoryId: string): readonly GroupRecord[] {
    const id = this.#nodes.findSid(sid);
    if (id < 0) return [];
    return [...this.#memberships.parentsOf(id)].flatMap((parent) => {
      const group = this.group(parent);
      return group?.directoryId === directoryId ? [group] : [];
    });
  }

  /** Takes an object out that the directory no longer has, and out of every group. False when it was not known. */
  remove(guid: string): boolean {
    const id = this.#nodes.findGuid(guid);
    if (id < 0) return false;
    this.#drop(id);
    // A directory takes a deleted object out of its groups and says nothing of it.
    for (const parent of [...this.#memberships.parentsOf(id)]) this.#memberships.change(parent, [], [id]);
    return true;
  }

  /** Takes an object out that is there but none of ours any more: comes it back, it is in its groups. */
  leave(guid: string): boolean {
    const id = this.#nodes.findGuid(guid);
    if (id < 0) return false;
    this.#drop(id);
    return true;
  }

  /**
   * A full read of one directory: what is not written between `beginRead` and `endRead` is gone.
   * `endRead` gives the number of objects that were taken out.
   */
  beginRead(): number {
    this.#read += 1;
    return this.#read;
  }

  endRead(read: number, directoryId: string): number {
    let dropped = 0;
    for (let id = 0; id < this.#nodes.count; id += 1) {
      if (this.#nodes.kindOf(id) === "unread" || this.#seenIn.get(id) >= read) continue;
      if (this.#nodes.directoryOf(id) !== directoryId) continue;
      this.#drop(id);
      dropped += 1;
    }
    return dropped;
  }

  /** Objects of one directory that are not in `guids`: the cheap way to notice deletions. */
  missingFrom(guids: ReadonlySet<string>, directoryId: string): readonly string[] {
    const missing: string[] = [];
    for (let id = 0; id < this.#nodes.count; id += 1) {
      if (this.#nodes.kindOf(id) === "unread" || this.#nodes.directoryOf(id) !== directoryId) continue;
      const guid = this.#nodes.guidOf(id);
      if (!guids.has(guid)) missing.push(guid);
    }
    return missing;
  }

  /** Whether an object with that GUID is known. */
  knows(guid: string): boolean {
    return this.#nodes.findGuid(guid) >= 0;
  }

  /** The principal with that number; null where the number is a group's or of one that is gone. */
  principal(id: number): PrincipalRecord | null {
    return this.#nodes.principal(id);
  }

  principalBySid(sid: string): number | null {
    const id = this.#nodes.findSid(sid);
    return id >= 0 && this.#nodes.isPrincipal(id) ? id : null;
  }

  principalByGuid(guid: string): PrincipalRecord | null {
    const id = this.#nodes.findGuid(guid);
    return id < 0 ? null : this.principal(id);
  }

  group(id: number): GroupRecord | null {
    return this.#nodes.group(id);
  }

  /**
   * Every security group that a principal is in: directly, through other groups, and by its primary group.
   * Shape: numbers, sorted; unfiltered. Shared between principals: read it, do not change it.
   */
  effectiveGroups(id: number): readonly number[] {
    return this.#closureOf(id).groups;
  }

  /**
   * The names of those groups as a firewall is told them: filtered, sorted by name, `domain\name` where two domains
   * have a group of that name. Groups of the controller's own machine (BUILTIN) are left out.
   */
  groupNames(id: number): readonly string[] {
    const closure = this.#closureOf(id);
    closure.names ??= this.#nameAll(closure.groups);
    return closure.names;
  }

  /** The numbers of the principals of that name, whatever its case. */
  namesakes(name: string): readonly number[] {
    return this.#nodes.namesakes(name);
  }

  /** Whether another principal has the same name: in the same domain (a device and a user), or anywhere. */
  sharesName(id: number): { readonly inDomain: boolean; readonly anywhere: boolean } {
    if (!this.#nodes.isPrincipal(id)) return { inDomain: false, anywhere: false };
    const domain = this.#nodes.domainOf(id);
    const others = this.#nodes.namesakes(this.#nodes.nameOf(id), id);
    return {
      anywhere: others.length > 0,
      inDomain: others.some((other) => this.#nodes.domainOf(other) === domain),
    };
  }

  /** Principals to look at again since the last call: those written, and those below a group that changed. */
  takeAffected(): Affected {
    this.#expandTouchedGroups();
    const changed: number[] = [];
    for (const id of this.#touched) if (this.#nodes.isPrincipal(id)) changed.push(id);
    const removed = this.#removed;
    this.#touched.clear();
    this.#removed = [];
    return { changed, removed };
  }

  #closureOf(id: number): Closure {
    const direct = this.#memberships.parentsOf(id);
    const primaryOf = this.#nodes.isPrincipal(id) ? this.#primaryOf.get(id) : 0;
    const primary = primaryOf === 0 ? null : primaryOf - 1;
    const key = `${primary ?? ""}|${direct.join()}`;
    const known = this.#closures.get(key);
    if (known !== undefined) return known;
    const closure: Closure = {
      groups: this.#climb(primary === null ? [...direct] : [primary, ...direct]),
      names: null,
    };
    if (this.#closures.size >= CLOSURES_MAX) this.#closures.clear();
    this.#closures.set(key, closure);
    return closure;
  }

  #climb(from: number[]): readonly number[] {
    const reached = new Set<number>();
    const waiting = from;
    for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
      // Nothing is nested through a distribution list, so it is not climbed either.
      if (!this.#nodes.isSecurityGroup(id) || reached.has(id)) continue;
      reached.add(id);
      waiting.push(...this.#memberships.parentsOf(id));
    }
    return [...reached].sort((left, right) => left - right);
  }

  #nameAll(groups: readonly number[]): readonly string[] {
    const names: ToldName[] = [];
    for (const id of groups) {
      const told = this.#toldName(id);
      if (told !== null) names.push(told);
    }
    names.sort(byText);
    // Two groups of one domain may have the same name: it is told once.
    return names.flatMap(({ name }, at) => (name === names[at - 1]?.name ? [] : [name]));
  }

  #toldName(id: number): ToldName | null {
    const known = this.#toldNames.get(id);
    if (known !== undefined) return known;
    const name = this.#spell(id);
    const told = name === null ? null : { name, folded: name.toLowerCase() };
    this.#toldNames.set(id, told);
    return told;
  }

  #spell(id: number): string | null {
    const group = this.group(id);
    if (group === null || group.sid.startsWith(BUILTIN)) return null;
    const naming: GroupNaming = { name: group.name, domain: group.domain, sid: group.sid };
    if (!this.#filter(naming)) return null;
    return this.#isAmbiguous(group) ? `${group.domain}\\${group.name}` : group.name;
  }

  #isAmbiguous(group: GroupRecord): boolean {
    return this.#groupNames.ownersOf(group.name).some((id) => {
      const other = this.group(id);
      return other !== null && other.domain !== group.domain && !other.sid.startsWith(BUILTIN);
    });
  }

  #expandTouchedGroups(): void {
    if (this.#touchedGroups.size === 0) return;
    const below = new Set<number>();
    const waiting = [...this.#touchedGroups];
    this.#touchedGroups.clear();
    for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
      if (below.has(id)) continue;
      below.add(id);
      for (const member of this.#memberships.membersOf(id)) {
        const kind = this.#nodes.kindOf(member);
        if (kind === "group") waiting.push(member);
        else if (kind !== "unread") this.#touched.add(member);
      }
    }
    if (![...this.#primaryGroups].some((group) => below.has(group))) return;
    for (let id = 0; id < this.#nodes.count; id += 1)
      if (this.#nodes.isPrincipal(id) && below.has(this.#primaryOf.get(id) - 1)) this.#touched.add(id);
  }

  /** The number of an object: that of its SID. One whose SID changed (moved to another domain) begins anew. */
  #claim(guid: string, sid: string): number {
    const id = this.#nodes.numberOf(sid);
    const before = this.#nodes.findGuid(guid);
    if (before >= 0 && before !== id) this.#drop(before);
    this.#seenIn.set(id, this.#read);
    return id;
  }

  #primaryGroupOf(record: PrincipalRecord): number | null {
    if (record.primaryGroupRid === null) return null;
    const sid = siblingSid(record.sid, record.primaryGroupRid);
    if (sid === null) return null;
    const id = this.#nodes.numberOf(sid);
    this.#primaryGroups.add(id);
    return id;
  }

  /** Takes what is counted and indexed of a node back, before it is written anew or dropped. */
  #release(id: number): void {
    const kind = this.#nodes.kindOf(id);
    if (kind === "unread") return;
    const name = this.#nodes.nameOf(id);
    if (kind === "group") {
      this.#size.groups -= 1;
      this.#touchNamesakes(name, () => this.#groupNames.remove(name, id));
    } else {
      this.#count(kind, -1);
      this.#touchSharers(id, name);
    }
    this.#nodes.clear(id);
  }

  /** Its number and its SID stay: groups may still list it, and it may come back. */
  #drop(id: number): void {
    const kind = this.#nodes.kindOf(id);
    if (kind === "unread") return;
    this.#mutations += 1;
    const record = this.#nodes.principal(id);
    this.#release(id);
    if (record !== null) {
      this.#removed.push({ id, record });
      return;
    }
    this.#touchGroup(id);
    this.#expandTouchedGroups();
    this.#memberships.replace(id, []);
  }

  #touchMembers(change: MemberChange): void {
    for (const id of [...change.added, ...change.removed]) {
      this.#mutations += 1;
      const kind = this.#nodes.kindOf(id);
      if (kind === "group") this.#touchGroup(id);
      else if (kind !== "unread") this.#touched.add(id);
    }
  }

  #touchGroup(id: number): void {
    this.#touchedGroups.add(id);
    this.#forgetClosures();
  }

  #forgetClosures(): void {
    this.#closures.clear();
    this.#toldNames.clear();
  }

  /** Runs a change of the name index; groups of that name change their spelling when it becomes ambiguous, or unique. */
  #touchNamesakes(name: string, change: () => void): void {
    for (const id of this.#groupNames.ownersOf(name)) this.#touchGroup(id);
    change();
    for (const id of this.#groupNames.ownersOf(name)) this.#touchGroup(id);
  }

  #touchSharers(id: number, name: string): void {
    for (const other of this.#nodes.namesakes(name, id)) this.#touched.add(other);
  }

  #count(kind: "user" | "device", by: number): void {
    if (kind === "user") this.#size.users += by;
    else this.#size.devices += by;
  }
}

function samePrincipal(left: PrincipalRecord, right: PrincipalRecord): boolean {
  return (
    left.guid === right.guid &&
    left.kind === right.kind &&
    left.name === right.name &&
    left.enabled === right.enabled &&
    left.dn === right.dn &&
    left.upn === right.upn &&
    left.displayName === right.displayName &&
    left.dnsHostName === right.dnsHostName &&
    left.os === right.os &&
    left.osVersion === right.osVersion &&
    left.primaryGroupRid === right.primaryGroupRid &&
    (left.hasRemoteDesktopName ?? false) === (right.hasRemoteDesktopName ?? false) &&
    (left.hasServiceName ?? false) === (right.hasServiceName ?? false) &&
    (left.isPasswordForever ?? false) === (right.isPasswordForever ?? false) &&
    left.domain === right.domain &&
    left.netbiosDomain === right.netbiosDomain &&
    left.directoryId === right.directoryId
  );
}

function sameGroup(left: GroupRecord, right: GroupRecord): boolean {
  return (
    left.guid === right.guid &&
    left.name === right.name &&
    left.security === right.security &&
    left.domain === right.domain &&
    left.directoryId === right.directoryId
  );
}

/** By name without case, then by name: the same on every machine, whatever its language. */
function byText(left: ToldName, right: ToldName): number {
  if (left.folded !== right.folded) return left.folded < right.folded ? -1 : 1;
  return left.name < right.name ? -1 : left.name > right.name ? 1 : 0;
}
