const NONE = new Int32Array(0);
/** More changed edges than this at once: the reverse index is built anew, in one pass, when it is next asked. */
const REBUILD_EDGES = 2000;
const REBUILD_OVERLAY = 20_000;
/** Up to so many changed edges a group's array is copied for each; beyond, it is made anew once. */
const FEW_EDGES = 16;

export interface MemberChange {
  readonly added: readonly number[];
  readonly removed: readonly number[];
}

/**
 * Who is a direct member of which group, in both directions, by node number.
 *
 * Holds one sorted array a group, and one flat array of parents for everybody: an edge costs 8 bytes, a principal
 * without changes since the last build costs 4. Only `replace` changes it.
 * Does not know what a node is: cycles and dead members are the caller's business.
 */
export class MembershipIndex {
  readonly #members = new Map<number, Int32Array>();
  #offsets: Int32Array = new Int32Array(1);
  #parents: Int32Array = NONE;
  readonly #overlay = new Map<number, Int32Array>();
  #stale = false;

  membersOf(group: number): Int32Array {
    return this.#members.get(group) ?? NONE;
  }

  /** Sets the members of a group; `members` in any order, repeats allowed. */
  replace(group: number, members: readonly number[] | Int32Array): MemberChange {
    const before = this.membersOf(group);
    const after = sortedUnique(members);
    const change = difference(before, after);
    if (after.length === 0) this.#members.delete(group);
    else this.#members.set(group, after);
    if (change.added.length + change.removed.length > REBUILD_EDGES) this.#stale = true;
    if (!this.#stale) {
      for (const id of change.added) this.#overlay.set(id, insert(this.#lookUp(id), group));
      for (const id of change.removed) this.#overlay.set(id, without(this.#lookUp(id), group));
      if (this.#overlay.size > REBUILD_OVERLAY) this.#stale = true;
    }
    return change;
  }

  /** Puts some members in and takes some out; the rest stays. */
  change(group: number, added: readonly number[], removed: readonly number[]): MemberChange {
    if (added.length + removed.length > FEW_EDGES) {
      const after = new Set(this.membersOf(group));
      for (const id of added) after.add(id);
      for (const id of removed) after.delete(id);
      return this.replace(group, [...after]);
    }
    let after = this.membersOf(group);
    for (const id of added) after = insert(after, id);
    for (const id of removed) after = without(after, id);
    return this.replace(group, after);
  }

  /** The groups that `id` is directly in, sorted. The array is the index's own: read it, do not keep it. */
  parentsOf(id: number): Int32Array {
    if (this.#stale) this.#build();
    return this.#lookUp(id);
  }

  #lookUp(id: number): Int32Array {
    const changed = this.#overlay.get(id);
    if (changed !== undefined) return changed;
    const from = this.#offsets[id];
    const to = this.#offsets[id + 1];
    if (from === undefined || to === undefined) return NONE;
    return this.#parents.subarray(from, to);
  }

  #build(): void {
    let edges = 0;
    let greatest = -1;
    for (const members of this.#members.values()) {
      edges += members.length;
      greatest = Math.max(greatest, members.at(-1) ?? -1);
    }
    const offsets = new Int32Array(greatest + 2);
    for (const members of this.#members.values()) {
      for (const member of members) offsets[member + 1] = (offsets[member + 1] ?? 0) + 1;
    }
    for (let id = 1; id < offsets.length; id += 1) offsets[id] = (offsets[id] ?? 0) + (offsets[id - 1] ?? 0);
    const parents = new Int32Array(edges);
    const next = offsets.slice();
    for (const group of [...this.#members.keys()].sort((left, right) => left - right)) {
      for (const member of this.membersOf(group)) {
        const slot = next[member] ?? 0;
        parents[slot] = group;
        next[member] = slot + 1;
      }
    }
    this.#offsets = offsets;
    this.#parents = parents;
    this.#overlay.clear();
    this.#stale = false;
  }
}

function sortedUnique(values: readonly number[] | Int32Array): Int32Array {
  const sorted = Int32Array.from(values).sort();
  let kept = 0;
  for (const [index, value] of sorted.entries()) {
    if (index > 0 && value === sorted[kept - 1]) continue;
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

function insert(sorted: Int32Array, value: number): Int32Array {
  const at = sorted.findIndex((item) => item >= value);
  if (at !== -1 && sorted[at] === value) return sorted;
  const place = at === -1 ? sorted.length : at;
  const joined = new Int32Array(sorted.length + 1);
  joined.set(sorted.subarray(0, place));
  joined[place] = value;
  joined.set(sorted.subarray(place), place + 1);
  return joined;
}

function without(sorted: Int32Array, value: number): Int32Array {
  return sorted.includes(value) ? sorted.filter((item) => item !== value) : sorted;
}
