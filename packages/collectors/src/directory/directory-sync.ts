import { guidFromBytes, sidFromBytes } from "@rollcall/directory-graph";
import { uuidBytes } from "@rollcall/windows-rpc/ndr";
import { AndFilter, EqualityFilter, FilterParser, OrFilter } from "ldapts";
import { isEnabled } from "./account-state.ts";
import { beginChanges, type ChangeCursor, readChangesSince } from "./change-stream.ts";
import type { DirectoryConfig } from "./directory-config.ts";
import {
  type DirectoryNames,
  GROUP_FILTER,
  OBJECT_ATTRIBUTES,
  OBJECT_FILTER,
  PRINCIPAL_FILTER,
  readEntry,
  sidsOf,
} from "./entry-records.ts";
import { domainOfDn, parseExtendedDn } from "./extended-dn.ts";
import { DIRSYNC_OBJECT_SECURITY, ExtendedDnControl, ShowDeletedControl } from "./ldap-controls.ts";
import type { LdapEntry } from "./ldap-entry.ts";
import type { LdapSession, SearchRequest } from "./ldap-session.ts";
import { LogonsToRead } from "./logons-to-read.ts";
import type { PrincipalBook } from "./principal-book.ts";
import { readProgress, readServerIdentity, type ServerIdentity } from "./server-identity.ts";

/** Up to so many objects, deletions are looked for at each change; beyond, every ten minutes. */
const SMALL_DIRECTORY = 5000;
const LISTING_PAUSE_MS = 10 * 60_000;
const VERIFY_EVERY_MS = 24 * 3_600_000;
/** A group may come with 1,500 members, some 300 KB: a page is held as a whole, and as text once more. */
const GROUPS_PER_PAGE = 20;
const OBJECTS_PER_QUERY = 50;
const MAX_LOCKED_WATCHED = 500;

export interface SyncCounts {
  fullReads: number;
  incrementalReads: number;
  entriesRead: number;
  entriesUnusable: number;
  removed: number;
  deletionListings: number;
  /** Whole readings beside the service, to compare. */
  verifications: number;
  /** Objects that a verification found otherwise than they were known. */
  mended: number;
  logonReads: number;
  /** Logons within a minute of the last reading of that user. */
  logonsCoalesced: number;
  /** Logons that too many others waited before. */
  logonsLeftOut: number;
  /** Users whom the reading at their logon found otherwise than they were known. */
  logonsMended: number;
}

/** How changes are learnt: as a stream, or by asking for greater update numbers. */
export type ChangeWay = "dirsync" | "dirsync-object-security" | "update-numbers";

interface PagedRequest extends SearchRequest {
  readonly pageSize: number;
}

interface Verification {
  readonly pages: AsyncIterator<readonly LdapEntry[]>;
  readonly session: LdapSession;
  readonly read: number;
}

/**
 * Keeps the book equal to one directory: everything once, then what changed, and once a day everything again beside that.
 *
 * Holds: where the last read ended (controller, update number, place in the stream of changes), and the accounts that end
 *        or unlock by the passing of time, which changes no object. A first read that breaks off is made again from the
 *        start; nothing of it is told before it is whole, so nobody is told of with half of the groups. A verification
 *        goes page by page between the steps, and its pages count at once: each object in them is whole.
 * Source: MS-ADTS 3.1.1.1.9, uSNChanged and highestCommittedUSN; 3.1.1.3.4.1.3, DirSync (documented).
 */
export class DirectorySync {
  readonly counts: SyncCounts = {
    fullReads: 0,
    incrementalReads: 0,
    entriesRead: 0,
    entriesUnusable: 0,
    removed: 0,
    deletionListings: 0,
    verifications: 0,
    mended: 0,
    logonReads: 0,
    logonsCoalesced: 0,
    logonsLeftOut: 0,
    logonsMended: 0,
  };
  readonly #config: DirectoryConfig;
  readonly #book: PrincipalBook;
  readonly #now: () => number;
  #server: ServerIdentity | null = null;
  #isRead = false;
  #usn = 0;
  #cursor: ChangeCursor | null = null;
  #verifiedAt = 0;
  #verification: Verification | null = null;
  #listedAt = 0;
  #listedUsn = 0;
  #canSeeDeleted = false;
  readonly #expiring = new Map<string, number>();
  readonly #locked = new Set<string>();
  readonly #logons = new LogonsToRead();

  constructor(config: DirectoryConfig, book: PrincipalBook, now: () => number) {
    this.#config = config;
    this.#book = book;
    this.#now = now;
  }

  get server(): ServerIdentity | null {
    return this.#server;
  }

  get seesDeleted(): boolean {
    return this.#canSeeDeleted;
  }

  get way(): ChangeWay {
    if (this.#cursor === null) return "update-numbers";
    return this.#cursor.flags === DIRSYNC_OBJECT_SECURITY ? "dirsync-object-security" : "dirsync";
  }

  /** Whether a verification is under way: then the next step should not wait for its turn. */
  get isVerifying(): boolean {
    return this.#verification !== null;
  }

  get hasLogons(): boolean {
    return this.#logons.size > 0;
  }

  /**
   * To be called on a new connection: another controller may answer, and its update numbers are its own. A place in the
   * stream of changes holds for every controller of the domain; where it is not taken, everything is read again.
   * Source: MS-ADTS 3.1.1.3.4.1.3 (documented): the cookie names the state of every controller.
   */
  async meet(session: LdapSession): Promise<void> {
    const server = await readServerIdentity(session, this.#config);
    const before = this.#server;
    const isSame = before?.invocationId === server.invocationId && server.highestUsn >= this.#usn;
    const isSameDomain = before?.namingContext === server.namingContext;
    this.#server = server;
    this.#verification = null;
    // Set back to an older state: what it knew is not what it knows.
    const wasSetBack = before?.invocationId === server.invocationId && server.highestUsn < this.#usn;
    if (isSame) return;
    if (this.#cursor !== null && isSameDomain && !wasSetBack) {
      this.#usn = server.highestUsn;
      // What the old controller had and this one has not yet got is compared, without a pause.
      this.#verifiedAt = Number.NEGATIVE_INFINITY;
      return;
    }
    this.#isRead = false;
  }

  /** One step: everything where that is due, else what changed since the last step. */
  async step(session: LdapSession, signal: AbortSignal): Promise<void> {
    const server = this.#server;
    if (server === null || !this.#isRead) {
      await this.#readEverything(session, signal);
      return;
    }
    const { dsServiceName, highestUsn } = await readProgress(session);
    if (dsServiceName !== server.dsServiceName || highestUsn === null || highestUsn < this.#usn) {
      await this.meet(session);
      if (!this.#isRead) await this.#readEverything(session, signal);
      return;
    }
    if (highestUsn > this.#usn) await this.#readChanges(session, server, highestUsn, signal);
    await this.#lookAtLocked(session, server, signal);
    this.endExpired();
    if (this.#verification === null && this.#now() - this.#verifiedAt >= VERIFY_EVERY_MS)
      this.#verification = this.#beginVerification(session, server, signal);
  }

  /** The next page of the verification that is under way. */
  async verifyOn(signal: AbortSignal): Promise<void> {
    const verification = this.#verification;
    const server = this.#server;
    if (verification === null || server === null) return;
    const page = await verification.pages.next();
    const { graph } = this.#book;
    if (page.done !== true) {
      for (const entry of page.value) {
        const before = graph.mutations;
        await this.#take(verification.session, server, entry, signal);
        if (graph.mutations !== before) this.counts.mended += 1;
      }
      return;
    }
    const removed = graph.endRead(verification.read, this.#config.id);
    this.counts.removed += removed;
    this.counts.mended += removed;
    this.counts.verifications += 1;
    this.#verification = null;
    this.#verifiedAt = this.#now();
    this.#canSeeDeleted = await this.#probeDeleted(verification.session, server, signal);
  }

  /** Notes that a user logged on: he is read again with the next step, at most once a minute. */
  noteLogon(sid: string): void {
    const noted = this.#logons.note(sid, this.#now());
    if (noted === "coalesced") this.counts.logonsCoalesced += 1;
    else if (noted === "left-out") this.counts.logonsLeftOut += 1;
  }

  /** Reads those who logged on: their accounts, and the groups that list them. */
  async readLoggedOn(session: LdapSession, signal: AbortSignal): Promise<void> {
    const server = this.#server;
    const now = this.#now();
    if (server === null || !this.#isRead) return;
    const { graph } = this.#book;
    const guids = this.#logons.take(OBJECTS_PER_QUERY, now).flatMap((sid) => {
      const id = graph.principalBySid(sid);
      const record = id === null ? null : graph.principal(id);
      if (record?.directoryId !== this.#config.id) return [];
      this.#logons.wasRead(sid, now);
      return [record.guid];
    });
    if (guids.length === 0) return;
    this.counts.logonReads += guids.length;
    for await (const page of session.pages(this.#byGuid(server, guids, ["memberOf"]), 1000, signal)) {
      for (const entry of page) {
        const before = graph.mutations;
        await this.#take(session, server, entry, signal);
        await this.#compareGroups(session, entry, signal);
        if (graph.mutations !== before) this.counts.logonsMended += 1;
      }
    }
  }

  /** Ends the accounts whose date has come. */
  endExpired(): void {
    const now = this.#now();
    const { graph } = this.#book;
    for (const [guid, expiresAt] of this.#expiring) {
      if (isEnabled({ isDisabled: false, isLocked: false, expiresAt }, now)) continue;
      const record = graph.principalByGuid(guid);
      if (record?.enabled === true) graph.upsertPrincipal({ ...record, enabled: false });
      this.#expiring.delete(guid);
    }
  }

  /** When the next account ends by its date, epoch ms; null: none is known to. */
  get nextExpiryAt(): number | null {
    let next: number | null = null;
    for (const at of this.#expiring.values()) if (next === null || at < next) next = at;
    return next;
  }

  async #readEverything(session: LdapSession, signal: AbortSignal): Promise<void> {
    const server = await readServerIdentity(session, this.#config);
    // Before the read: what changes during it comes again, and changes nothing.
    const cursor = server.isGlobalCatalogue ? null : await beginChanges(session, server.namingContext);
    const { graph } = this.#book;
    const read = graph.beginRead();
    this.#expiring.clear();
    this.#locked.clear();
    for (const request of this.#requestsFor(server, ""))
      await this.#readAll(session, server, request, signal);
    this.counts.removed += graph.endRead(read, this.#config.id);
    this.#canSeeDeleted = await this.#probeDeleted(session, server, signal);
    this.#server = server;
    this.#cursor = cursor;
    this.#usn = server.highestUsn;
    this.#listedUsn = server.highestUsn;
    this.#isRead = true;
    this.#verifiedAt = this.#now();
    this.#listedAt = this.#verifiedAt;
    this.counts.fullReads += 1;
  }

  #beginVerification(session: LdapSession, server: ServerIdentity, signal: AbortSignal): Verification {
    const pages = async function* (this: DirectorySync) {
      for (const request of this.#requestsFor(server, ""))
        yield* session.pages(request, request.pageSize, signal);
    };
    return { pages: pages.call(this), session, read: this.#book.graph.beginRead() };
  }

  async #readChanges(
    session: LdapSession,
    server: ServerIdentity,
    highestUsn: number,
    signal: AbortSignal,
  ): Promise<void> {
    if (this.#cursor === null || !(await this.#followStream(session, server, this.#cursor, signal))) {
      const since = `(uSNChanged>=${this.#usn + 1})`;
      for (const request of this.#requestsFor(server, since))
        await this.#readAll(session, server, request, signal);
      if (this.#canSeeDeleted) await this.#readTombstones(session, server, since, signal);
    }
    if (!this.#canSeeDeleted && this.#isListingDue(highestUsn))
      await this.#listForDeletions(session, server, highestUsn, signal);
    this.#usn = highestUsn;
    this.counts.incrementalReads += 1;
  }

  /** False where the server takes the place in the stream no more: a new one is begun, and what it missed is compared. */
  async #followStream(
    session: LdapSession,
    server: ServerIdentity,
    cursor: ChangeCursor,
    signal: AbortSignal,
  ): Promise<boolean> {
    let changes: Awaited<ReturnType<typeof readChangesSince>>;
    try {
      changes = await readChangesSince(session, server.namingContext, cursor);
    } catch (error) {
      if (signal.aborted || !session.isOpen) throw error;
      this.#cursor = await beginChanges(session, server.namingContext);
      this.#verifiedAt = Number.NEGATIVE_INFINITY;
      return false;
    }
    const { graph } = this.#book;
    const toRead = new Set<string>();
    for (const note of changes.notes) {
      if (note.kind === "deleted") this.#remove(note.guid);
      else if (note.kind === "changed") toRead.add(note.guid);
      else if (!graph.changeMembers(note.guid, note.added, note.removed)) toRead.add(note.guid);
    }
    const guids = [...toRead];
    for (let from = 0; from < guids.length; from += OBJECTS_PER_QUERY)
      await this.#readAgain(session, server, guids.slice(from, from + OBJECTS_PER_QUERY), signal);
    this.#cursor = changes.next;
    return true;
  }

  /** Reads objects anew; one that does not come is none of ours any more. */
  async #readAgain(
    session: LdapSession,
    server: ServerIdentity,
    guids: readonly string[],
    signal: AbortSignal,
  ): Promise<void> {
    const missing = new Set(guids);
    for await (const page of session.pages(this.#byGuid(server, guids, []), 1000, signal)) {
      for (const entry of page) {
        const bytes = entry.bytes("objectGUID");
        const guid = bytes === null ? null : guidFromBytes(bytes);
        if (guid !== null) missing.delete(guid);
        await this.#take(session, server, entry, signal);
      }
    }
    for (const guid of missing) this.#remove(guid);
  }

  #byGuid(server: ServerIdentity, guids: readonly string[], more: readonly string[]): SearchRequest {
    const filters = guids.map(
      (guid) => new EqualityFilter({ attribute: "objectGUID", value: uuidBytes(guid) }),
    );
    return {
      base: server.namingContext,
      scope: "sub",
      filter: new AndFilter({
        filters: [FilterParser.parseString(OBJECT_FILTER), new OrFilter({ filters })],
      }),
      attributes: [...OBJECT_ATTRIBUTES, ...more],
      controls: [new ExtendedDnControl()],
    };
  }

  /**
   * Compares the groups that list a user with those we know he is in. Where `memberOf` says otherwise the group itself is
   * asked whether it lists him: a reader may see less of a user than of a group.
   */
  async #compareGroups(session: LdapSession, entry: LdapEntry, signal: AbortSignal): Promise<void> {
    const sidBytes = entry.bytes("objectSid");
    const sid = sidBytes === null ? null : sidFromBytes(sidBytes);
    if (sid === null) return;
    const { graph } = this.#book;
    const listed = new Map(
      entry.texts("memberOf").flatMap((text) => {
        const { guid, dn } = parseExtendedDn(text);
        return guid === null ? [] : [[guid.toLowerCase(), dn] as const];
      }),
    );
    const known = graph.directGroups(sid, this.#config.id);
    const doubtful = new Set([
      ...known.filter(({ guid }) => !listed.has(guid)).map(({ guid }) => guid),
      ...[...listed.keys()].filter(
        (guid) => graph.knows(guid) && known.every((group) => group.guid !== guid),
      ),
    ]);
    const { dn } = parseExtendedDn(entry.dn);
    for (const guid of doubtful) {
      signal.throwIfAborted();
      const found = await session.search(
        {
          base: `<GUID=${guid}>`,
          scope: "base",
          filter: new EqualityFilter({ attribute: "member", value: dn }),
          attributes: ["objectGUID"],
        },
        [],
      );
      graph.changeMembers(guid, found.length > 0 ? [sid] : [], found.length > 0 ? [] : [sid]);
    }
  }

  /** Groups in the whole domain, for they often stand elsewhere; people below the base. */
  #requestsFor(server: ServerIdentity, since: string): readonly PagedRequest[] {
    const request = (base: string, filter: string, pageSize: number): PagedRequest => ({
      base,
      scope: "sub",
      filter: since === "" ? filter : `(&${since}${filter})`,
      attributes: OBJECT_ATTRIBUTES,
      controls: [new ExtendedDnControl()],
      pageSize,
    });
    const { pageSize } = this.#config;
    return [
      request(server.namingContext, GROUP_FILTER, Math.min(pageSize, GROUPS_PER_PAGE)),
      request(server.baseDn, PRINCIPAL_FILTER, pageSize),
    ];
  }

  async #readAll(
    session: LdapSession,
    server: ServerIdentity,
    request: SearchRequest & { readonly pageSize?: number },
    signal: AbortSignal,
  ): Promise<void> {
    for await (const page of session.pages(request, request.pageSize ?? this.#config.pageSize, signal)) {
      for (const entry of page) await this.#take(session, server, entry, signal);
    }
  }

  async #take(
    session: LdapSession,
    server: ServerIdentity,
    entry: LdapEntry,
    signal: AbortSignal,
  ): Promise<void> {
    this.counts.entriesRead += 1;
    const { graph } = this.#book;
    const outcome = readEntry(entry, this.#namesOf(server, entry), this.#now());
    switch (outcome.kind) {
      case "principal": {
        const { record, account } = outcome;
        if (!isBelow(record.dn, server.baseDn)) {
          this.#forget(record.guid, graph.leave(record.guid));
          return;
        }
        graph.upsertPrincipal(record);
        if (account.expiresAt === null) this.#expiring.delete(record.guid);
        else this.#expiring.set(record.guid, account.expiresAt);
        if (!account.isLocked) this.#locked.delete(record.guid);
        else if (this.#locked.size < MAX_LOCKED_WATCHED) this.#locked.add(record.guid);
        return;
      }
      case "group": {
        graph.upsertGroup(outcome.record);
        const rest =
          outcome.nextMember === null
            ? []
            : await this.#restOfMembers(session, entry.dn, outcome.nextMember, signal);
        graph.setMembers(outcome.record.guid, [...outcome.memberSids, ...rest]);
        return;
      }
      case "service":
        // It was an ordinary account before: it is nobody now.
        if (graph.remove(outcome.guid)) this.counts.removed += 1;
        return;
      case "unusable":
        this.counts.entriesUnusable += 1;
    }
  }

  async #restOfMembers(
    session: LdapSession,
    dn: string,
    from: number,
    signal: AbortSignal,
  ): Promise<readonly string[]> {
    const sids: string[] = [];
    let next: number | null = from;
    while (next !== null) {
      signal.throwIfAborted();
      const piece = await session.entry(dn, [`member;range=${next}-*`], [new ExtendedDnControl()]);
      // Gone in the middle of the read: the deletion itself is seen by the next step.
      if (piece === null) break;
      const { values, next: following } = piece.ranged("member");
      sids.push(...sidsOf(values));
      next = following !== null && following > next ? following : null;
    }
    return sids;
  }

  #isListingDue(highestUsn: number): boolean {
    if (highestUsn === this.#listedUsn) return false;
    const { users, devices, groups } = this.#book.graph.size;
    return users + devices + groups <= SMALL_DIRECTORY || this.#now() - this.#listedAt >= LISTING_PAUSE_MS;
  }

  /** Reads nothing but the ids of what there is: what we know and is not among them is gone. */
  async #listForDeletions(
    session: LdapSession,
    server: ServerIdentity,
    highestUsn: number,
    signal: AbortSignal,
  ): Promise<void> {
    const present = new Set<string>();
    for (const request of this.#requestsFor(server, "")) {
      const idsOnly = { ...request, attributes: ["objectGUID"], controls: [] };
      for await (const page of session.pages(idsOnly, 1000, signal)) {
        for (const entry of page) {
          const bytes = entry.bytes("objectGUID");
          const guid = bytes === null ? null : guidFromBytes(bytes);
          if (guid !== null) present.add(guid);
        }
      }
    }
    for (const guid of this.#book.graph.missingFrom(present, this.#config.id)) this.#remove(guid);
    this.#listedAt = this.#now();
    this.#listedUsn = highestUsn;
    this.counts.deletionListings += 1;
  }

  async #readTombstones(
    session: LdapSession,
    server: ServerIdentity,
    since: string,
    signal: AbortSignal,
  ): Promise<void> {
    for await (const page of session.pages(tombstonesOf(server, since), this.#config.pageSize, signal)) {
      for (const entry of page) {
        const bytes = entry.bytes("objectGUID");
        const guid = bytes === null ? null : guidFromBytes(bytes);
        if (guid !== null) this.#remove(guid);
      }
    }
  }

  /** Whether this account may see deleted objects; one that sees none may have no right, and is not relied on. */
  async #probeDeleted(session: LdapSession, server: ServerIdentity, signal: AbortSignal): Promise<boolean> {
    try {
      for await (const page of session.pages(tombstonesOf(server, ""), 1, signal)) return page.length > 0;
    } catch (error) {
      if (signal.aborted || !session.isOpen) throw error;
      // "No such object": that is how a directory hides the container from those without the right.
    }
    return false;
  }

  #remove(guid: string): void {
    this.#forget(guid, this.#book.graph.remove(guid));
  }

  #forget(guid: string, wasKnown: boolean): void {
    if (wasKnown) this.counts.removed += 1;
    this.#expiring.delete(guid);
    this.#locked.delete(guid);
  }

  /** A lock ends by itself, and no object changes: locked accounts are asked for again at each step. */
  async #lookAtLocked(session: LdapSession, server: ServerIdentity, signal: AbortSignal): Promise<void> {
    const locked = [...this.#locked];
    for (let from = 0; from < locked.length; from += OBJECTS_PER_QUERY) {
      const request = this.#byGuid(server, locked.slice(from, from + OBJECTS_PER_QUERY), []);
      await this.#readAll(session, server, request, signal);
    }
  }

  #namesOf(server: ServerIdentity, entry: LdapEntry): DirectoryNames {
    const directoryId = this.#config.id;
    if (!server.isGlobalCatalogue)
      return { directoryId, domain: server.domain, netbiosDomain: server.netbiosDomain };
    const domain = domainOfDn(parseExtendedDn(entry.dn).dn) ?? server.domain;
    return { directoryId, domain, netbiosDomain: server.netbiosNames.get(domain) ?? null };
  }
}

/** Whether a DN stands below another, both as the server writes them. */
function isBelow(dn: string, base: string): boolean {
  if (base === "") return true;
  const [inner, outer] = [dn.toLowerCase(), base.toLowerCase()];
  return inner === outer || inner.endsWith(`,${outer}`);
}

function tombstonesOf(server: ServerIdentity, since: string): SearchRequest {
  return {
    base: `CN=Deleted Objects,${server.defaultContext}`,
    scope: "one",
    filter: `(&(isDeleted=TRUE)${since})`,
    attributes: ["objectGUID"],
    controls: [new ShowDeletedControl()],
  };
}
