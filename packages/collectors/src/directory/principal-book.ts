import {
  DirectoryGraph,
  type GroupFilter,
  type PrincipalRecord,
  type RemovedPrincipal,
} from "@rollcall/directory-graph";
import {
  type AccountSigns,
  type HostAccount,
  isSpelling,
  type PrincipalFacts,
  type PrincipalName,
} from "@rollcall/identity-core";
import { Column } from "@rollcall/identity-core/packed/column";
import { HashChains, hashText } from "@rollcall/identity-core/packed/hash-chains";

/** The most groups an entry may carry. Source: semantics 8 (documented). */
const MAX_GROUPS = 200;
/** One streamed item holds 8 KiB; what is left of it holds the names and aliases. */
const MAX_GROUP_BYTES = 6000;
const MAX_NAME = 256;
/** "Domain Controllers" and "Read-only Domain Controllers". Source: MS-DTYP 2.4.2.4 (documented). */
const CONTROLLERS_GROUP_RIDS: readonly (number | null)[] = [516, 521];

/**
 * Everybody that the directories of a site know, and what was last said of each.
 *
 * Holds: one graph for all directories that share the book (so that a group name that two domains have is noticed),
 *        and of each principal a digest of the facts last handed out, and of when. `takeChangedFacts` hands out those that
 *        differ. Whoever was handed out can be asked for again, by key or by spelling: nobody else needs to keep half a
 *        million facts beside it.
 * Does not: talk to a directory, or know an address.
 */
export class PrincipalBook {
  readonly graph: DirectoryGraph;
  /** Digest of what was last told of each principal, by its number; 0: nothing. */
  readonly #told = new Column("f64");
  /** When that was; epoch ms. */
  readonly #toldAt = new Column("f64");
  #toldCount = 0;
  /** Those told with a UPN or host name that does not begin with their name, by it. */
  readonly #byOtherName = new HashChains();
  /** Hash of that name + 1; 0: none. */
  readonly #otherName = new Column("f64");
  /** Who was asked for last: one logon asks for one person several times. */
  #newest: { readonly id: number; readonly mutations: number; readonly facts: PrincipalFacts } | null = null;
  /** Names of domain controllers in lower case, without `$`. */
  readonly #controllers = new Set<string>();
  #hostMarkIdOf: (account: HostAccount) => string | null = () => null;
  #cutGroups = 0;
  #asOf = 0;
  /**
   * Of whom is still to be told, from `#changedAt` on. Several readers take from it, each as fast as what it took is written, and
   * one may be stopped in the middle: what it leaves, another tells.
   */
  #changed: readonly number[] = [];
  #changedAt = 0;
  readonly #removed: RemovedPrincipal[] = [];

  constructor(filter?: GroupFilter) {
    this.graph = new DirectoryGraph(filter);
  }

  /** Principals whose groups did not all fit, at their last change. */
  get cutGroups(): number {
    return this.#cutGroups;
  }

  setGroupFilter(filter: GroupFilter): void {
    this.#newest = null;
    this.graph.setGroupFilter(filter);
  }

  /** Another choice of the computers that are shared hosts. Those whose mark becomes another are told of anew. */
  setHostMarks(hostMarkIdOf: (account: HostAccount) => string | null): void {
    this.#hostMarkIdOf = hostMarkIdOf;
    this.#newest = null;
    this.graph.touchDevices();
  }

  /** What an account shows of being a service's; null for one that is not known. */
  accountOf(sid: string): AccountSigns | null {
    const id = this.graph.principalBySid(sid);
    const record = id === null ? null : this.graph.principal(id);
    if (record === null) return null;
    return {
      hasServiceName: record.hasServiceName ?? false,
      isPasswordForever: record.isPasswordForever ?? false,
    };
  }

  /** All groups of an account, nested ones too, whatever is listed of them: as `name` and `domain\name`, in lower case. */
  groupsOf(sid: string): readonly string[] {
    const id = this.graph.principalBySid(sid);
    const record = id === null ? null : this.graph.principal(id);
    if (id === null || record === null) return [];
    return this.graph.effectiveGroups(id).flatMap((one) => {
      const group = this.graph.group(one);
      if (group === null) return [];
      const { name, domain } = group;
      const netbios = domain === record.domain && record.netbiosDomain !== null ? [record.netbiosDomain] : [];
      return [name, ...[domain, ...netbios].map((home) => `${home}\\${name}`)].map((text) =>
        text.toLowerCase(),
      );
    });
  }

  /** How many principals were handed out and are still there. */
  get size(): number {
    return this.#toldCount;
  }

  /**
   * The facts of a principal, by its key; null for one that was not handed out. As of when they were: what the directory
   * has said since counts once it is handed out too.
   */
  factsOf(key: string): PrincipalFacts | null {
    const id = this.graph.principalBySid(key);
    return id === null ? null : this.#toldFacts(id);
  }

  /** Everybody handed out who claims one of the spellings, which are in lower case. */
  claiming(tokens: readonly string[]): PrincipalFacts[] {
    const found = new Map<number, PrincipalFacts>();
    for (const token of tokens)
      for (const id of this.#candidates(token)) {
        if (found.has(id)) continue;
        const facts = this.#toldFacts(id);
        if (facts !== null && isSpelling(facts, token)) found.set(id, facts);
      }
    return [...found.values()];
  }

  /** The DN of a principal, by its SID: for filters that look at where an account stands. */
  dnOf(sid: string): string | null {
    const id = this.graph.principalBySid(sid);
    return id === null ? null : (this.graph.principal(id)?.dn ?? null);
  }

  /** What the directory calls an account, by its SID: for sources that write it otherwise. */
  nameOf(sid: string): PrincipalName | null {
    const id = this.graph.principalBySid(sid);
    const record = id === null ? null : this.graph.principal(id);
    if (record === null) return null;
    const { name, domain, upn } = record;
    return { sid, name, domain, ...(upn === null ? {} : { upn }) };
  }

  /** Whether a computer of that name, without `$` and domain, is a domain controller. */
  isController(name: string): boolean {
    return this.#controllers.has(name.toLowerCase());
  }

  /**
   * The facts of everybody who changed since the last call, the removed ones as not enabled.
   * `asOf` only grows, for of two reports the later one counts: a clock set back must not make news old.
   * Shape: made one by one, as they are taken: half a million at once would not fit beside what is held.
   */
  *changedFacts(now: number): Generator<PrincipalFacts, undefined> {
    this.#asOf = Math.max(now, this.#asOf + 1);
    const { changed, removed } = this.graph.takeAffected();
    for (const one of removed) this.#removed.push(one);
    if (changed.length > 0) {
      this.#changed = [...this.#changed.slice(this.#changedAt), ...changed];
      this.#changedAt = 0;
    }
    for (let one = this.#removed.pop(); one !== undefined; one = this.#removed.pop()) {
      const { id, record } = one;
      this.#controllers.delete(record.name.toLowerCase());
      // One that came back meanwhile (restored, or moved and read again) is told of below.
      if (this.graph.principal(id) !== null || this.#told.get(id) === 0) continue;
      this.#told.set(id, 0);
      this.#toldCount -= 1;
      this.#noteOtherName(id, null);
      yield { ...this.#compose(record, null, this.#asOf), enabled: false };
    }
    for (let id = this.#nextChanged(); id !== null; id = this.#nextChanged()) {
      const record = this.graph.principal(id);
      if (record === null) continue;
      if (record.kind === "device") this.#noteController(record);
      const current = this.#compose(record, id, this.#asOf);
      const digest = digestOf(current);
      const before = this.#told.get(id);
      if (before === digest) continue;
      if (before === 0) this.#toldCount += 1;
      this.#told.set(id, digest);
      this.#toldAt.set(id, this.#asOf);
      this.#newest = null;
      this.#noteOtherName(id, otherNameOf(record));
      if (current.groups.length < this.graph.groupNames(id).length) this.#cutGroups += 1;
      yield current;
    }
  }

  #nextChanged(): number | null {
    const id = this.#changed[this.#changedAt] ?? null;
    this.#changedAt += 1;
    if (id !== null) return id;
    this.#changed = [];
    this.#changedAt = 0;
    return null;
  }

  takeChangedFacts(now: number): readonly PrincipalFacts[] {
    return [...this.changedFacts(now)];
  }

  #noteController({ name, primaryGroupRid }: PrincipalRecord): void {
    if (CONTROLLERS_GROUP_RIDS.includes(primaryGroupRid)) this.#controllers.add(name.toLowerCase());
    else this.#controllers.delete(name.toLowerCase());
  }

  #toldFacts(id: number): PrincipalFacts | null {
    if (this.#told.get(id) === 0) return null;
    const { mutations } = this.graph;
    if (this.#newest?.id === id && this.#newest.mutations === mutations) return this.#newest.facts;
    const record = this.graph.principal(id);
    if (record === null) return null;
    const facts = this.#compose(record, id, this.#toldAt.get(id));
    this.#newest = { id, mutations, facts };
    return facts;
  }

  /** Who may be meant by a spelling: by what stands in it for the account itself. */
  #candidates(token: string): readonly number[] {
    const bySid = token.startsWith("s-1-") ? this.graph.principalBySid(token.toUpperCase()) : null;
    if (bySid !== null) return [bySid];
    const name = ownPartOf(token);
    // A computer is written with and without the `$` of its account.
    const names = name.endsWith("$") ? [name, `${name}$`, name.slice(0, -1)] : [name, `${name}$`];
    // An account's own name may have an `@` in it.
    const lastAt = token.lastIndexOf("@");
    if (lastAt > 0) names.push(token, token.slice(0, lastAt));
    const ids = new Set(names.flatMap((one) => this.graph.namesakes(one)));
    const hash = hashText(name);
    for (let id = this.#byOtherName.first(hash); id >= 0; id = this.#byOtherName.after(id)) ids.add(id);
    return [...ids];
  }

  #noteOtherName(id: number, name: string | null): void {
    const hash = name === null ? 0 : hashText(name) + 1;
    const before = this.#otherName.get(id);
    if (before === hash) return;
    if (before !== 0) this.#byOtherName.remove(id);
    this.#otherName.set(id, hash);
    if (hash !== 0) this.#byOtherName.add(id, hash - 1);
  }

  #compose(record: PrincipalRecord, id: number | null, asOf: number): PrincipalFacts {
    return {
      key: record.sid,
      kind: record.kind,
      directoryId: record.directoryId,
      asOf,
      aliases: this.#aliasesOf(record, id),
      domain: record.domain,
      ...(record.netbiosDomain === null ? {} : { netbiosDomain: record.netbiosDomain }),
      name: record.name,
      ...(record.upn === null ? {} : { upn: record.upn }),
      ...(record.displayName === null ? {} : { displayName: record.displayName.slice(0, MAX_NAME) }),
      groups: id === null ? [] : fitting(this.graph.groupNames(id)),
      ...deviceOf(record),
      ...this.#hostMarkOf(record),
      enabled: record.enabled,
    };
  }

  /**
   * Every spelling that means this principal. `name@domain` is a logon name even where another UPN is set.
   * Source: MS-ADTS 5.1.1.1.1 (documented). A spelling that two principals share is given to neither.
   */
  #aliasesOf(record: PrincipalRecord, id: number | null): readonly string[] {
    const { sid, domain, netbiosDomain, name, upn, dnsHostName, kind } = record;
    const domains = netbiosDomain === null ? [domain] : [domain, netbiosDomain];
    const shared = id === null ? { inDomain: false, anywhere: false } : this.graph.sharesName(id);
    const aliases = [sid];
    if (kind === "user") {
      for (const each of domains) aliases.push(`${each}\\${name}`);
      aliases.push(`${name}@${domain}`);
      if (upn !== null) aliases.push(upn);
      if (!shared.anywhere) aliases.push(name);
    } else {
      for (const each of domains) aliases.push(`${each}\\${name}$`);
      if (!shared.inDomain) for (const each of domains) aliases.push(`${each}\\${name}`);
      if (dnsHostName !== null) aliases.push(dnsHostName);
      if (!shared.anywhere) aliases.push(name, `${name}$`);
    }
    return [...new Set(aliases.map((alias) => alias.toLowerCase()))];
  }

  #hostMarkOf(record: PrincipalRecord): Pick<PrincipalFacts, "hostMarkId"> {
    if (record.kind !== "device") return {};
    const { dn, hasRemoteDesktopName = false } = record;
    const hostMarkId = this.#hostMarkIdOf({ dn, hasRemoteDesktopName });
    return hostMarkId === null ? {} : { hostMarkId };
  }
}

/** As many of the groups as an entry and a streamed item have room for. */
function fitting(names: readonly string[]): readonly string[] {
  let bytes = 0;
  const kept = names.filter((name) => {
    bytes += Buffer.byteLength(name) + 3;
    return name.length <= MAX_NAME && bytes <= MAX_GROUP_BYTES;
  });
  return kept.slice(0, MAX_GROUPS);
}

/** What stands in a spelling for the account itself: `ana` in `corp\\ana`, `ana@corp.example` and `ana`. */
function ownPartOf(token: string): string {
  const slash = token.indexOf("\\");
  if (slash >= 0) return token.slice(slash + 1);
  const at = token.indexOf("@");
  return at > 0 ? token.slice(0, at) : token;
}

/** What stands in a UPN or a host name for the account itself, in lower case; null where it is the account's name. */
function otherNameOf({ kind, name, upn, dnsHostName }: PrincipalRecord): string | null {
  const spelling = kind === "device" ? dnsHostName : upn;
  if (spelling === null) return null;
  const own = ownPartOf(spelling.toLowerCase());
  return own === name.toLowerCase() ? null : own;
}

function deviceOf({ kind, os, osVersion }: PrincipalRecord): Pick<PrincipalFacts, "device"> {
  if (kind !== "device" || (os === undefined && osVersion === undefined)) return {};
  return {
    device: { ...(os === undefined ? {} : { os }), ...(osVersion === undefined ? {} : { osVersion }) },
  };
}

/** 53 bits of a text: enough to tell a change from none (a clash hides one change in 10^15). */
function digestOf(facts: PrincipalFacts): number {
  const text = JSON.stringify({ ...facts, asOf: 0 });
  let high = 0xdeadbeef;
  let low = 0x41c6ce57;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    high = Math.imul(high ^ unit, 2654435761);
    low = Math.imul(low ^ unit, 1597334677);
  }
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909);
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909);
  // Never 0: that stands for nothing told.
  return 4294967296 * (2097151 & low) + (high >>> 0) + 1;
}
