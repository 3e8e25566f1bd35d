import { guidFromBytes } from "@rollcall/directory-graph";
import { DirectoryFault } from "./directory-fault.ts";
import { OBJECT_ATTRIBUTES, sidsOf } from "./entry-records.ts";
import { DIRSYNC_OBJECT_SECURITY, DirSyncControl, ExtendedDnControl } from "./ldap-controls.ts";
import type { LdapEntry } from "./ldap-entry.ts";
import type { LdapSession } from "./ldap-session.ts";

/** Deleted objects keep their class, and little else. Source: MS-ADTS 3.1.1.5.5 (documented). */
const CHANGED = "(|(objectClass=user)(objectClass=group))";
const NOTHING = "(&(objectClass=user)(objectClass=group))";
/** What is watched: what records are made of, and what says that an object was deleted, moved, locked or unlocked. */
const WATCHED = [
  ...OBJECT_ATTRIBUTES.filter((name) => name !== "msDS-User-Account-Control-Computed"),
  "isDeleted",
  "parentGUID",
  "name",
  "lockoutTime",
];
/** Attributes that come with every change and say nothing of it. */
const ALWAYS = ["objectGUID", "instanceType"];
const NO_COOKIE: Uint8Array = new Uint8Array(0);
/** Answers of one look; beyond, the rest is taken at the next. */
const ANSWERS_MAX = 1000;

export type ChangeNote =
  | { readonly kind: "deleted"; readonly guid: string }
  | {
      readonly kind: "members";
      readonly guid: string;
      readonly added: readonly string[];
      readonly removed: readonly string[];
    }
  /** Something else of it is another: to be read anew. */
  | { readonly kind: "changed"; readonly guid: string };

/** Where a stream of changes has come to, and with which right it is asked for. */
export interface ChangeCursor {
  readonly flags: number;
  readonly cookie: Uint8Array;
}

/**
 * Begins a stream of changes as of now; null where this server or this account allows none.
 * Shape: with the right to replicate, else with object security, which every account may ask for.
 */
export async function beginChanges(
  session: LdapSession,
  namingContext: string,
): Promise<ChangeCursor | null> {
  for (const flags of [0, DIRSYNC_OBJECT_SECURITY]) {
    try {
      // Nothing fits this filter: the answer is the cookie alone. That it is as of now is so of Samba (captured).
      const control = new DirSyncControl(flags, NO_COOKIE);
      let cookie: Uint8Array = NO_COOKIE;
      for (let answers = 0; answers < ANSWERS_MAX; answers += 1) {
        const asked = answers === 0 ? control : new DirSyncControl(flags, cookie);
        await session.search(
          { base: namingContext, scope: "sub", filter: NOTHING, attributes: ["objectGUID"] },
          [asked],
        );
        if (asked.next === null) return null;
        cookie = asked.next;
        if (!asked.hasMore) return { flags, cookie };
      }
      return null;
    } catch (error) {
      // Not allowed, or not known, to this server or this account: it is asked in the other way.
      if (!session.isOpen || !(error instanceof DirectoryFault)) throw error;
    }
  }
  return null;
}

/**
 * What changed since `cursor`, and where to go on.
 * Errors: `DirectoryFault` where the server does not take the cursor (any more); the caller then begins anew.
 * Source: MS-ADTS 3.1.1.3.4.1.3 (documented); what Samba 4.17 answers (captured), see docs/protocol/directory.md.
 */
export async function readChangesSince(
  session: LdapSession,
  namingContext: string,
  cursor: ChangeCursor,
): Promise<{ readonly notes: readonly ChangeNote[]; readonly next: ChangeCursor }> {
  const notes: ChangeNote[] = [];
  let { cookie } = cursor;
  for (let answers = 0; answers < ANSWERS_MAX; answers += 1) {
    const control = new DirSyncControl(cursor.flags, cookie);
    const entries = await session.search(
      { base: namingContext, scope: "sub", filter: CHANGED, attributes: WATCHED },
      [control, new ExtendedDnControl()],
    );
    for (const entry of entries) notes.push(...notesOf(entry));
    if (control.next === null)
      throw new DirectoryFault("server-fault", "The controller gave no place to go on from", "");
    cookie = control.next;
    if (!control.hasMore) break;
  }
  return { notes, next: { flags: cursor.flags, cookie } };
}

function notesOf(entry: LdapEntry): readonly ChangeNote[] {
  const bytes = entry.bytes("objectGUID");
  const guid = bytes === null ? null : guidFromBytes(bytes);
  if (guid === null) return [];
  if (entry.text("isDeleted")?.toUpperCase() === "TRUE") return [{ kind: "deleted", guid }];
  const added = entry.texts("member;range=1-1");
  const removed = entry.texts("member;range=0-0");
  const hasMembers = added.length + removed.length > 0;
  const hasOther = entry.names().some((name) => !name.startsWith("member;") && !ALWAYS.includes(name));
  const members: ChangeNote = { kind: "members", guid, added: sidsOf(added), removed: sidsOf(removed) };
  // An attribute that was emptied is not told apart from one that did not change: then all of it is read.
  if (!hasMembers || hasOther) return [{ kind: "changed", guid }];
  return [members];
}
