import { Column } from "./column.ts";

/** Hands out row numbers; those given back are handed out again, so that rows stay close together. */
export class RowNumbers {
  readonly #free = new Column("u32");
  #freeCount = 0;
  #end = 0;
  #used = 0;

  get used(): number {
    return this.#used;
  }

  /** No row has this number or a greater one. */
  get end(): number {
    return this.#end;
  }

  take(): number {
    this.#used += 1;
    if (this.#freeCount === 0) return this.#end++;
    this.#freeCount -= 1;
    return this.#free.get(this.#freeCount);
  }

  giveBack(row: number): void {
    this.#used -= 1;
    this.#free.set(this.#freeCount, row);
    this.#freeCount += 1;
  }

  /** Takes over rows that were numbered before; `isUsed` says which. Call once, first. */
  restore(end: number, isUsed: (row: number) => boolean): void {
    this.#end = end;
    for (let row = end - 1; row >= 0; row--) {
      this.#used += 1;
      if (!isUsed(row)) this.giveBack(row);
    }
  }
}
