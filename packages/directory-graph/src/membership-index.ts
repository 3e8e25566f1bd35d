import { ByteReader } from "@rollcall/identity-core/packed/byte-reader";
import { RECORD_BYTES_MAX, Slab } from "@rollcall/identity-core/packed/slab";
import { Vocabulary } from "@rollcall/identity-core/packed/vocabulary";
import {
  countDeltas,
  deltaBytes,
  readDeltas,
  readDeltasInto,
  readMeanings,
  stepBytes,
  writeDeltas,
  writeStep,
} from "./delta-bytes.ts";

const NOBODY = new Int32Array(0);
const NO_BYTES = new Uint8Array(0);
const NO_GROUPS: readonly number[] = [];
/** More changed edges than this at once: the reverse index is built anew, in one pass, when it is next asked. */
const REBUILD_EDGES = 2000;
const REBUILD_OVERLAY = 20_000;

export interface MemberChange {
  readonly added: readonly number[];
  readonly removed: readonly number[];
}

interface Limits {
  /** Bytes: a group whose members take more stands beside the records. */
  readonly recordBytesMax: number;
  /** Changed edges at once. */
  readonly rebuildEdges: number;
  /** Members with changed groups. */
  readonly rebuildOverlay: number;
}

const LIMITS: Limits = {
  recordBytesMax: RECORD_BYTES_MAX,
  rebuildEdges: REBUILD_EDGES,
  rebuildOverlay: REBUILD_OVERLAY,
};

/**
 * Who is a direct member of which group, in both directions, by node number.
 *
 * Holds a byte record of the members of each group, and one flat array of bytes of the parents of everybody, each
 * number by its distance from the one before: an edge costs some 3 bytes, a principal without changes since the last
 * build costs 4. Only `replace` and `change` change it.
 * Does not know what a node is: cycles and dead members are the caller's business.
 */
export class MembershipIndex {
  readonly #limits: Limits;
  readonly #records = new Slab();
  readonly #reader = new ByteReader(new Vocabulary());
  /** Handle of each group's record. */
  readonly #handles = new Map<number, number>();
  /** Groups beyond the longest record. */
  readonly #long = new Map<number, Int32Array>();
  /** Groups as the last build numbered them: of these numbers, which lie close, are the parents. */
  #groups = NOBODY;
  #offsets = new Uint32Array(1);
  #parents = NO_BYTES;
  readonly #overlay = new Map<number, readonly number[]>();
  #stale = false;
  #scratch = new Uint8Array(1024);

  constructor(limits: Partial<Limits> = {}) {
    this.#limits = { ...LIMITS, ...limits };
  }

  /** The members of a group, sorted. */
  membersOf(group: number): Int32Array {
    const long = this.#long.get(group);
    if (long !== undefined) return long;
    const handle = this.#handles.get(group);
    if (handle === undefined) return NOBODY;
    const { bytes, at, end } = this.#open(handle);
    return readDeltas(bytes, at, end);
  }

  /** Sets the members of a group; `members` in any order, repeats allowed. */
  replace(group: number, members: readonly number[] | Int32Array): MemberChange {
    return this.#set(group, this.membersOf(group), sortedUnique(members));
  }

  /** Puts some members in and takes some out; the rest stays. Who is in both is out. */
  change(group: number, added: readonly number[], removed: readonly number[]): MemberChange {
    const before = this.membersOf(group);
    return this.#set(group, before, merged(before, sortedUnique(added), new Set(removed)));
  }

  /** The groups that `id` is directly in, sorted. */
  parentsOf(id: number): readonly number[] {
    if (this.#stale) this.#build();
    return this.#lookUp(id);
  }

  #set(group: number, before: Int32Array, after: Int32Array): MemberChange {
    const change = difference(before, after);
    const edges = change.added.length + change.removed.length;
    if (edges === 0) return change;
    this.#write(group, after);
    if (edges > this.#limits.rebuildEdges) this.#stale = true;
    if (!this.#stale) {
      for (const id of change.added) this.#overlay.set(id, insert(this.#lookUp(id), group));
      for (const id of change.removed) this.#overlay.set(id, without(this.#lookUp(id), group));
      if (this.#overlay.size > this.#limits.rebuildOverlay) this.#stale = true;
    }
    return change;
  }

  #write(group: number, members: Int32Array): void {
    const handle = this.#handles.get(group) ?? 0;
    const bytes = deltaBytes(members);
    const isLong = bytes > this.#limits.recordBytesMax;
    if (isLong) this.#long.set(group, members);
    else this.#long.delete(group);
    if (isLong || bytes === 0) {
      this.#records.drop(handle);
      this.#handles.delete(group);
      return;
    }
    if (this.#scratch.length < bytes) this.#scratch = new Uint8Array(2 ** Math.ceil(Math.log2(bytes)));
    writeDeltas(members, this.#scratch, 0);
    this.#handles.set(group, this.#records.replace(handle, this.#scratch, bytes));
  }

  #lookUp(id: number): readonly number[] {
    const changed = this.#overlay.get(id);
    if (changed !== undefined) return changed;
    const from = this.#offsets[id];
    const to = this.#offsets[id + 1];
    if (from === undefined || to === undefined || from === to) return NO_GROUPS;
    return readMeanings(this.#parents, from, to, this.#groups);
  }

  #open(handle: number): ByteReader {
    this.#records.open(handle, this.#reader);
    return this.#reader;
  }

  /**
   * The members of each group in turn, in an array that is used again for the next: with one of its own for each of thousands of
   * groups, a build would leave the allocator tens of megabytes that nothing else has a use for.
   */
  #eachGroup(groups: Int32Array, use: (ordinal: number, members: Int32Array, count: number) => void): void {
    let room = new Int32Array(1024);
    for (let ordinal = 0; ordinal < groups.length; ordinal += 1) {
      const group = groups[ordinal] ?? 0;
      const long = this.#long.get(group);
      if (long !== undefined) {
        use(ordinal, long, long.length);
        continue;
      }
      const { bytes, at, end } = this.#open(this.#handles.get(group) ?? 0);
      const count = countDeltas(bytes, at, end);
      if (count > room.length) room = new Int32Array(2 ** Math.ceil(Math.log2(count)));
      readDeltasInto(room, bytes, at, end);
      use(ordinal, room, count);
    }
  }

  #build(): void {
    // What was built before is let go first: the new one may take its place in memory.
    this.#parents = NO_BYTES;
    this.#offsets = new Uint32Array(1);
    this.#overlay.clear();
    const groups = Int32Array.from([...this.#handles.keys(), ...this.#long.keys()]).sort();
    let end = 0;
    this.#eachGroup(groups, (_, members, count) => {
      end = Math.max(end, (members[count - 1] ?? -1) + 1);
    });
    // The group last written of each member + 1.
    const last = new Uint32Array(end);
    // By two ahead: after the first pass and the sums [id + 1] is where a member begins, after the second where it ends.
    const offsets = new Uint32Array(end + 2);
    this.#eachGroup(groups, (ordinal, members, count) => {
      for (let at = 0; at < count; at += 1) {
        const id = members[at] ?? 0;
        offsets[id + 2] = (offsets[id + 2] ?? 0) + stepBytes(ordinal - Math.max(0, (last[id] ?? 0) - 1));
        last[id] = ordinal + 1;
      }
    });
    for (let id = 1; id < offsets.length; id += 1) offsets[id] = (offsets[id] ?? 0) + (offsets[id - 1] ?? 0);
    const parents = new Uint8Array(offsets.at(-1) ?? 0);
    last.fill(0);
    this.#eachGroup(groups, (ordinal, members, count) => {
      for (let at = 0; at < count; at += 1) {
        const id = members[at] ?? 0;
        const step = ordinal - Math.max(0, (last[id] ?? 0) - 1);
        offsets[id + 1] = writeStep(step, parents, offsets[id + 1] ?? 0);
        last[id] = ordinal + 1;
      }
    });
    this.#groups = groups;
    this.#offsets = offsets;
    this.#parents = parents;
    this.#stale = false;
  }
}

function sortedUnique(values: readonly number[] | Int32Array): Int32Array {
  const sorted = Int32Array.from(values).sort();
  let kept = 0;
  for (let at = 0; at < sorted.length; at += 1) {
    const value = sorted[at] ?? 0;
    if (at > 0 && value === sorted[kept - 1]) continue;
    sorted[kept] = value;
    kept += 1;
  }
  return kept === sorted.length ? sorted : sorted.slice(0, kept);
}

function difference(before: Int32Array, after: Int32Array): MemberChange {
  const added: number[] = [];
  const removed: number[] = [];
  let left = 0;
  let right = 0;
  while (left < before.length || right < after.length) {
    const old = before[left] ?? Number.POSITIVE_INFINITY;
    const now = after[right] ?? Number.POSITIVE_INFINITY;
    if (old < now) removed.push(old);
    if (now < old) added.push(now);
    if (old <= now) left += 1;
    if (now <= old) right += 1;
  }
  return { added, removed };
}

function merged(before: Int32Array, added: Int32Array, removed: ReadonlySet<number>): Int32Array {
  const after = new Int32Array(before.length + added.length);
  let kept = 0;
  let left = 0;
  let right = 0;
  while (left < before.length || right < added.length) {
    const old = before[left] ?? Number.POSITIVE_INFINITY;
    const now = added[right] ?? Number.POSITIVE_INFINITY;
    const value = Math.min(old, now);
    if (old === value) left += 1;
    if (now === value) right += 1;
    if (removed.has(value)) continue;
    after[kept] = value;
    kept += 1;
  }
  return after.slice(0, kept);
}

function insert(sorted: readonly number[], value: number): readonly number[] {
  const at = sorted.findIndex((item) => item >= value);
  if (at === -1) return [...sorted, value];
  return sorted[at] === value ? sorted : [...sorted.slice(0, at), value, ...sorted.slice(at)];
}

function without(sorted: readonly number[], value: number): readonly number[] {
  return sorted.includes(value) ? sorted.filter((item) => item !== value) : sorted;
}
