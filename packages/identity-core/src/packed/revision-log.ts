const SLOTS = 512;
const SPARSE = SLOTS / 4;

/** A stretch of the log. It answers for all revisions from its `first` to the `first` of the next one. */
interface Segment {
  first: number;
  readonly revisions: Float64Array;
  /** Row + 1; 0: what stood there was superseded. */
  readonly rows: Uint32Array;
  length: number;
  live: number;
  /** Greater each time something of it was taken out or is told otherwise. */
  stamp: number;
}

/**
 * Rows in the order of their revisions, each once. Rows that change move to the end; the holes that they leave are
 * closed a few hundred at a time, so that no change ever waits for the whole log.
 */
export class RevisionLog {
  readonly #segments: Segment[] = [];
  #lastStamp = 0;

  /** Adds a row at its revision; one that is not after all others is seated where it belongs. */
  add(row: number, revision: number): void {
    const last = this.#segments.at(-1);
    if (last === undefined) this.#segments.push(newSegment(revision));
    else if ((last.revisions[last.length - 1] ?? 0) > revision) {
      this.#insert(row, revision);
      return;
    } else if (last.length === SLOTS) this.#segments.push(newSegment(revision));
    const segment = this.#segments.at(-1);
    if (segment !== undefined) push(segment, row, revision);
  }

  remove(row: number, revision: number): void {
    for (let at = this.#segmentAt(revision); at >= 0; at--) {
      const segment = this.#segments[at];
      if (segment === undefined) return;
      for (let slot = firstAfter(segment, revision) - 1; slot >= 0; slot--) {
        if (segment.revisions[slot] !== revision) return;
        if (segment.rows[slot] !== row + 1) continue;
        segment.rows[slot] = 0;
        segment.live -= 1;
        segment.stamp = ++this.#lastStamp;
        if (segment.live < SPARSE) this.#close(at);
        return;
      }
    }
  }

  /** Notes that what is told of this revision is told otherwise from now on. */
  touch(revision: number): void {
    const segment = this.#segments[this.#segmentAt(revision)];
    if (segment !== undefined) segment.stamp = ++this.#lastStamp;
  }

  stampOf(after: number, through: number): number {
    let stamp = 0;
    for (let at = Math.max(0, this.#segmentAt(after)); at < this.#segments.length; at++) {
      const segment = this.#segments[at];
      if (segment === undefined || (at > 0 && segment.first > through)) break;
      stamp = Math.max(stamp, segment.stamp);
    }
    return this.#segments.length === 0 ? this.#lastStamp : stamp;
  }

  /** Rows with a revision above `after`, in order. The log must not change meanwhile. */
  *after(after: number): Generator<number, undefined> {
    let slot = -1;
    for (let at = Math.max(0, this.#segmentAt(after)); at < this.#segments.length; at++) {
      const segment = this.#segments[at];
      if (segment === undefined) return;
      slot = slot < 0 ? firstAfter(segment, after) : 0;
      for (; slot < segment.length; slot++) {
        const row = (segment.rows[slot] ?? 0) - 1;
        if (row >= 0) yield row;
      }
    }
  }

  /** The last segment that begins at or before `revision`; -1: none does. */
  #segmentAt(revision: number): number {
    let low = 0;
    let high = this.#segments.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#segments[middle]?.first ?? 0) <= revision) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  /** Joins a segment that has become sparse with a neighbour that has room for what is left. */
  #close(at: number): void {
    for (const left of [at - 1, at]) {
      const a = this.#segments[left];
      const b = this.#segments[left + 1];
      if (a === undefined || b === undefined) continue;
      if (a.live > 0 && b.live > 0 && a.live + b.live > SLOTS - SPARSE) continue;
      const joined = newSegment(a.first);
      for (const part of [a, b])
        for (let slot = 0; slot < part.length; slot++) {
          const row = (part.rows[slot] ?? 0) - 1;
          if (row >= 0) push(joined, row, part.revisions[slot] ?? 0);
        }
      joined.stamp = ++this.#lastStamp;
      this.#segments.splice(left, 2, joined);
      return;
    }
  }

  /** Only a reader of somebody else's numbering can bring a revision late, and it hardly ever does. */
  #insert(row: number, revision: number): void {
    const late = { row, revision };
    const all: { row: number; revision: number }[] = [];
    for (const segment of this.#segments)
      for (let slot = 0; slot < segment.length; slot++) {
        const kept = (segment.rows[slot] ?? 0) - 1;
        if (kept >= 0) all.push({ row: kept, revision: segment.revisions[slot] ?? 0 });
      }
    const before = all.findIndex((one) => one.revision > revision);
    all.splice(before < 0 ? all.length : before, 0, late);
    this.#segments.length = 0;
    this.#lastStamp += 1;
    for (const one of all) {
      this.add(one.row, one.revision);
      const segment = this.#segments.at(-1);
      if (segment !== undefined) segment.stamp = this.#lastStamp;
    }
  }
}

function newSegment(first: number): Segment {
  return {
    first,
    revisions: new Float64Array(SLOTS),
    rows: new Uint32Array(SLOTS),
    length: 0,
    live: 0,
    stamp: 0,
  };
}

function push(segment: Segment, row: number, revision: number): void {
  segment.revisions[segment.length] = revision;
  segment.rows[segment.length] = row + 1;
  segment.length += 1;
  segment.live += 1;
}

function firstAfter(segment: Segment, revision: number): number {
  let low = 0;
  let high = segment.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((segment.revisions[middle] ?? 0) <= revision) low = middle + 1;
    else high = middle;
  }
  return low;
}
