import { Column } from "./column.ts";

/** Rows one after the other, each once, as they were appended. */
export class RowChain {
  /** Row + 1 before and after each row; 0: none. */
  readonly #before = new Column("u32");
  readonly #after = new Column("u32");
  #first = 0;
  #last = 0;

  /** -1: there is none. */
  get first(): number {
    return this.#first - 1;
  }

  append(row: number): void {
    this.#before.set(row, this.#last);
    this.#after.set(row, 0);
    if (this.#last === 0) this.#first = row + 1;
    else this.#after.set(this.#last - 1, row + 1);
    this.#last = row + 1;
  }

  /** Takes the row out where it is in. */
  remove(row: number): void {
    const before = this.#before.get(row);
    const after = this.#after.get(row);
    if (before === 0 && this.#first !== row + 1) return;
    if (before === 0) this.#first = after;
    else this.#after.set(before - 1, after);
    if (after === 0) this.#last = before;
    else this.#before.set(after - 1, before);
    this.#before.set(row, 0);
    this.#after.set(row, 0);
  }
}
