import type { EpochMs } from "./observation.ts";

/** A heap of "this key may change at that time". Re-scheduling leaves the old note behind; it is skipped when it comes up. */
export class ChangeTimer {
  readonly #heap: { at: EpochMs; key: string }[] = [];
  readonly #due = new Map<string, EpochMs>();

  schedule(key: string, at: EpochMs | null): void {
    if (at === null) {
      this.#due.delete(key);
      return;
    }
    if (this.#due.get(key) === at) return;
    this.#due.set(key, at);
    this.#push({ at, key });
  }

  /** When the next key is due; null: none is. */
  get next(): EpochMs | null {
    for (;;) {
      const head = this.#heap[0];
      if (!head) return null;
      if (this.#due.get(head.key) === head.at) return head.at;
      this.#pop();
    }
  }

  /** Takes out every key due at or before `now`. */
  take(now: EpochMs): string[] {
    const keys: string[] = [];
    for (let next = this.next; next !== null && next <= now; next = this.next) {
      const head = this.#pop();
      if (!head) break;
      this.#due.delete(head.key);
      keys.push(head.key);
    }
    return keys;
  }

  #push(item: { at: EpochMs; key: string }): void {
    const heap = this.#heap;
    heap.push(item);
    for (let at = heap.length - 1; at > 0; ) {
      const parent = (at - 1) >> 1;
      const above = heap[parent];
      if (!above || above.at <= item.at) break;
      heap[at] = above;
      heap[parent] = item;
      at = parent;
    }
  }

  #pop(): { at: EpochMs; key: string } | null {
    const heap = this.#heap;
    const head = heap[0];
    const last = heap.pop();
    if (!head || !last) return null;
    if (heap.length === 0) return head;
    heap[0] = last;
    for (let at = 0; ; ) {
      const left = 2 * at + 1;
      const right = left + 1;
      let least = at;
      if ((heap[left]?.at ?? Number.POSITIVE_INFINITY) < (heap[least]?.at ?? 0)) least = left;
      if ((heap[right]?.at ?? Number.POSITIVE_INFINITY) < (heap[least]?.at ?? 0)) least = right;
      if (least === at) return head;
      const a = heap[at];
      const b = heap[least];
      if (!a || !b) return head;
      heap[at] = b;
      heap[least] = a;
      at = least;
    }
  }
}
