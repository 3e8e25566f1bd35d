import type { EntryFilter, EntrySource, EpochMs } from "@rollcall/identity-core";

const EVERYTHING: EntryFilter = {
  addressSpaceIds: [],
  domains: [],
  includeIp: [],
  excludeIp: [],
  ipv6: true,
};
const STEP = 250;

interface Checkpoint {
  readonly revision: number;
  /** No entry up to `revision` changed later than this. */
  readonly changedAtMax: EpochMs;
}

interface Index {
  readonly incarnation: string;
  readonly checkpoints: Checkpoint[];
  scannedRevision: number;
  changedAtMax: EpochMs;
}

const indexOf = new WeakMap<EntrySource, Index>();

/**
 * Gives a revision below which nothing changed at or after `at`: where a reader that names a time may begin.
 *
 * Shape:  0 when the table does not reach back further. Entries above it may still be older than `at`.
 * Units:  a revision. The first call walks the table once; later ones only what is new.
 */
export function revisionBefore(source: EntrySource, at: EpochMs): number {
  const index = indexFor(source);
  while (step(index, source));
  let low = 0;
  let high = index.checkpoints.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((index.checkpoints[middle]?.changedAtMax ?? Number.POSITIVE_INFINITY) < at) low = middle + 1;
    else high = middle;
  }
  return index.checkpoints[low - 1]?.revision ?? 0;
}

const beingRead = new WeakSet<EntrySource>();

/**
 * Walks the table ahead of the first reader that names a time, a little in each turn of the event loop: half a million entries
 * at once would keep everybody else waiting for seconds. To be called whenever a reader begins; it keeps no process alive.
 */
export function readAhead(source: EntrySource): void {
  if (beingRead.has(source)) return;
  beingRead.add(source);
  const next = (): void => {
    if (step(indexFor(source), source)) setImmediate(next).unref();
    else beingRead.delete(source);
  };
  setImmediate(next).unref();
}

function indexFor(source: EntrySource): Index {
  const known = indexOf.get(source);
  if (known?.incarnation === source.incarnation && known.scannedRevision <= source.revision) return known;
  const index = { incarnation: source.incarnation, checkpoints: [], scannedRevision: 0, changedAtMax: 0 };
  indexOf.set(source, index);
  return index;
}

/** Reads one step on. False at the end. */
function step(index: Index, source: EntrySource): boolean {
  const page = source.changesSince(index.scannedRevision, STEP, EVERYTHING);
  // A page that is not full is walked again next time: a checkpoint for every poll would make the index as long as the log.
  if (page.isLast) return false;
  for (const entry of page.entries) index.changedAtMax = Math.max(index.changedAtMax, entry.changedAt);
  index.scannedRevision = page.nextRevision;
  index.checkpoints.push({ revision: page.nextRevision, changedAtMax: index.changedAtMax });
  return true;
}
