import { Column } from "@rollcall/identity-core/packed/column";

/** Up to so many numbers are kept one by one. */
const FEW = 4096;

/**
 * A set of node numbers that may come to hold all of them.
 *
 * Units: few cost what a `Set` does, many a byte for each number up to the greatest: half a million in a `Set` are 20 MB on the
 *        heap, and twice that while it grows.
 */
export class NumberSet {
  readonly #few = new Set<number>();
  #many: Column | null = null;
  #end = 0;

  add(number: number): void {
    if (this.#many === null) {
      this.#few.add(number);
      if (this.#few.size <= FEW) return;
      this.#many = new Column("u8");
      for (const each of this.#few) this.#mark(each);
      this.#few.clear();
      return;
    }
    this.#mark(number);
  }

  /** All of them, each once. What is added on the way may not be met. */
  *[Symbol.iterator](): Generator<number, undefined> {
    if (this.#many === null) yield* this.#few;
    else for (let number = 0; number < this.#end; number += 1) if (this.#many.get(number) !== 0) yield number;
  }

  clear(): void {
    this.#few.clear();
    this.#many = null;
    this.#end = 0;
  }

  #mark(number: number): void {
    this.#many?.set(number, 1);
    this.#end = Math.max(this.#end, number + 1);
  }
}
