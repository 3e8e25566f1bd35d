import { guidFromBytes } from "@rollcall/directory-graph";
import { EqualityFilter, OrFilter } from "ldapts";
import { isEnabled } from "./account-state.ts";
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
import { ExtendedDnControl, ShowDeletedControl } from "./ldap-controls.ts";
import type { LdapEntry } from "./ldap-entry.ts";
import type { LdapSession, SearchRequest } from "./ldap-session.ts";
import type { PrincipalBook } from "./principal-book.ts";
import { readProgress, readServerIdentity, type ServerIdentity } from "./server-identity.ts";

/** Up to so many objects, deletions are looked for at each change; beyond, every ten minutes. */
const SMALL_DIRECTORY = 5000;
const LISTING_PAUSE_MS = 10 * 60_000;
const FULL_READ_EVERY_MS = 24 * 3_600_000;
const LOCKED_PER_QUERY = 50;
const MAX_LOCKED_WATCHED = 500;

export interface SyncCounts {
  fullReads: number;
  incrementalReads: number;
  entriesRead: number;
  entriesUnusable: number;
  removed: number;
  deletionListings: number;
}

/**
 * Keeps the book equal to one directory: everything once, then what changed.
 *
 * Holds: where the last read ended (controller and update number), and the accounts that end or unlock by the passing
 *        of time, which changes no object. A read that breaks off is made again from the start; nothing of it is told
 *        before it is whole, so nobody is told of with half of the groups.
 * Source: MS-ADTS 3.1.1.1.9, uSNChanged and highestCommittedUSN (documented).
 */
export class DirectorySync {
  readonly counts: SyncCounts = {
    fullReads: 0,
    incrementalReads: 0,
    entriesRead: 0,
    entriesUnusable: 0,
    removed: 0,
    deletionListings: 0,
  };
  readonly #config: DirectoryConfig;
  readonly #book: PrincipalBook;
  readonly #now: () => number;
  #server: ServerIdentity | null = null;
  #usn = 0;
  #fullReadAt = 0;
  #listedAt = 0;
  #listedUsn = 0;
  #canSeeDeleted = false;
  readonly #expiring = new Map<string, number>();
  readonly #locked = new Set<string>();

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

  /** Where the last whole read ended: controller and update number. */
  get bookmark(): string | null {
    return this.#server === null
      ? null
      : JSON.stringify({ invocationId: this.#server.invocationId, usn: this.#usn });
  }

  /** To be called on a new connection: another controller may answer, and its numbers are its own. */
  async meet(session: LdapSession): Promise<void> {
    const server = await readServerIdentity(session, this.#config);
    const isSame = this.#server?.invocationId === server.invocationId && server.highestUsn >= this.#usn;
    this.#server = server;
    if (!isSame) this.#fullReadAt = 0;
  }

  /** One step: everything where that is due, else what changed since the last step. */
  async step(session: LdapSession, signal: AbortSignal): Promise<void> {
    const server = this.#server;
    if (server === null || this.#isFullReadDue()) {
      await this.#readEverything(session, signal);
      return;
    }
    const { dsServiceName, highestUsn } = await readProgress(session);
    if (dsServiceName !== server.dsServiceName || highestUsn === null || highestUsn < this.#usn) {
      await this.meet(session);
      await this.#readEverything(session, signal);
      return;
    }
    if (highestUsn > this.#usn) await this.#readChanges(session, server, highestUsn, signal);
    await this.#lookAtLocked(session, server, signal);
    this.#endExpired();
  }

  #isFullReadDue(): boolean {
    return this.#fullReadAt === 0 || this.#now() - this.#fullReadAt >= FULL_READ_EVERY_MS;
  }

  async #readEverything(session: LdapSession, signal: AbortSignal): Promise<void> {
    const server = await readServerIdentity(session, this.#config);
    const { graph } = this.#book;
    const read = graph.beginRead();
    this.#expiring.clear();
    this.#locked.clear();
    for (const request of this.#requestsFor(server, ""))
      await this.#readAll(session, server, request, signal);
    this.counts.removed += graph.endRead(read, this.#config.id);
    this.#canSeeDeleted = await this.#probeDeleted(session, server, signal);
    this.#server = server;
    this.#usn = server.highestUsn;
    this.#listedUsn = server.highestUsn;
    this.#fullReadAt = this.#now();
    this.#listedAt = this.#fullReadAt;
    this.counts.fullReads += 1;
  }

  async #readChanges(
    session: LdapSession,
    server: ServerIdentity,
    highestUsn: number,
    signal: AbortSignal,
  ): Promise<void> {
    const since = `(uSNChanged>=${this.#usn + 1})`;
    for (const request of this.#requestsFor(server, since))
      await this.#readAll(session, server, request, signal);
    if (this.#canSeeDeleted) await this.#readTombstones(session, server, since, signal);
    else if (this.#isListingDue(highestUsn))
      await this.#listForDeletions(session, server, highestUsn, signal);
    this.#usn = highestUsn;
    this.counts.incrementalReads += 1;
  }

  /** People below the base; groups in the whole domain, for they often stand elsewhere. */
  #requestsFor(server: ServerIdentity, since: string): readonly SearchRequest[] {
    const request = (base: string, filter: string): SearchRequest => ({
      base,
      scope: "sub",
      filter: since === "" ? filter : `(&${since}${filter})`,
      attributes: OBJECT_ATTRIBUTES,
      controls: [new ExtendedDnControl()],
    });
    if (server.baseDn.toLowerCase() === server.namingContext.toLowerCase()) {
      return [request(server.baseDn, OBJECT_FILTER)];
    }
    return [request(server.namingContext, GROUP_FILTER), request(server.baseDn, PRINCIPAL_FILTER)];
  }

  async #readAll(
    session: LdapSession,
    server: ServerIdentity,
    request: SearchRequest,
    signal: AbortSignal,
  ): Promise<void> {
    for await (const page of session.pages(request, this.#config.pageSize, signal)) {
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
    const outcome = readEntry(entry, this.#namesOf(server), this.#now());
    switch (outcome.kind) {
      case "principal": {
        const { record, account } = outcome;
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
    if (this.#book.graph.remove(guid)) this.counts.removed += 1;
    this.#expiring.delete(guid);
    this.#locked.delete(guid);
  }

  /** A lock ends by itself, and no object changes: locked accounts are asked for again at each step. */
  async #lookAtLocked(session: LdapSession, server: ServerIdentity, signal: AbortSignal): Promise<void> {
    const locked = [...this.#locked];
    for (let from = 0; from < locked.length; from += LOCKED_PER_QUERY) {
      const [request] = this.#requestsFor(server, "");
      if (request === undefined) return;
      const filters = locked
        .slice(from, from + LOCKED_PER_QUERY)
        .map((guid) => new EqualityFilter({ attribute: "objectGUID", value: guidBytes(guid) }));
      const filter = new OrFilter({ filters });
      await this.#readAll(session, server, { ...request, base: server.baseDn, filter }, signal);
    }
  }

  #endExpired(): void {
    const now = this.#now();
    const { graph } = this.#book;
    for (const [guid, expiresAt] of this.#expiring) {
      if (isEnabled({ isDisabled: false, isLocked: false, expiresAt }, now)) continue;
      const record = graph.principalByGuid(guid);
      if (record?.enabled === true) graph.upsertPrincipal({ ...record, enabled: false });
      this.#expiring.delete(guid);
    }
  }

  #namesOf(server: ServerIdentity): DirectoryNames {
    return { directoryId: this.#config.id, domain: server.domain, netbiosDomain: server.netbiosDomain };
  }
}

function tombstonesOf(server: ServerIdentity, since: string): SearchRequest {
  return {
    base: `CN=Deleted Objects,${server.namingContext}`,
    scope: "one",
    filter: `(&(isDeleted=TRUE)${since})`,
    attributes: ["objectGUID"],
    controls: [new ShowDeletedControl()],
  };
}

/** A GUID as the directory stores it: the first three fields turned round. */
function guidBytes(guid: string): Buffer {
  const hex = Buffer.from(guid.replaceAll("-", ""), "hex");
  const order = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];
  return Buffer.from(order.map((index) => hex[index] ?? 0));
}
