/**
 * A map that forgets what was not used for long: at most `max` entries, of which the last `max / 2` used are always there.
 *
 * Two generations: what is used moves into the young one; when that is full it becomes the old one, and the one before is
 * dropped whole. So every step costs the same. (Taking out the first key of a single map, as is often done, walks over
 * every hole that earlier removals left in front: a hundred thousand of them at each step.)
 */
export class RecentMap<K, V> {
  readonly #half: number;
  #young = new Map<K, V>();
  #old = new Map<K, V>();

  constructor(max: number) {
    this.#half = Math.max(1, Math.floor(max / 2));
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }

  /** Gives the value and counts as a use. */
  get(key: K): V | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    if (old !== undefined) this.set(key, old);
    return old;
  }

  set(key: K, value: V): void {
    this.#old.delete(key);
    this.#young.set(key, value);
    if (this.#young.size < this.#half) return;
    this.#old = this.#young;
    this.#young = new Map();
  }

  delete(key: K): void {
    this.#young.delete(key);
    this.#old.delete(key);
  }

  *entries(): Generator<readonly [K, V]> {
    yield* this.#young;
    yield* this.#old;
  }
}
