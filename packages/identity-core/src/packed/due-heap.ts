import type { EpochMs } from "../observation.ts";
import { Column } from "./column.ts";

/** "This row may change at that time", each row once, soonest first. */
export class DueHeap {
  readonly #rows = new Column("u32");
  /** Place in the heap + 1; 0: not in it. */
  readonly #places = new Column("u32");
  readonly #due = new Column("f64");
  #size = 0;

  /** Null takes the row out. */
  schedule(row: number, at: EpochMs | null): void {
    const place = this.#places.get(row) - 1;
    if (at === null) {
      if (place >= 0) this.#remove(row, place);
      return;
    }
    if (place < 0) {
      this.#due.set(row, at);
      this.#size += 1;
      this.#rise(this.#size - 1, row, at);
      return;
    }
    const before = this.#due.get(row);
    if (before === at) return;
    this.#due.set(row, at);
    if (at < before) this.#rise(place, row, at);
    else this.#sink(place, row, at);
  }

  dueOf(row: number): EpochMs | null {
    return this.#places.get(row) === 0 ? null : this.#due.get(row);
  }

  /** When the next row is due; null: none is. */
  get next(): EpochMs | null {
    return this.#size === 0 ? null : this.#due.get(this.#rows.get(0));
  }

  /** Takes out every row due at or before `now`, soonest first. */
  take(now: EpochMs): number[] {
    const rows: number[] = [];
    for (let next = this.next; next !== null && next <= now; next = this.next) {
      const row = this.#rows.get(0);
      this.#remove(row, 0);
      rows.push(row);
    }
    return rows;
  }

  /** Every row due at or before `at`, in no order, and leaves them in; what comes later is not looked at. */
  *dueBy(at: EpochMs): Generator<number, undefined> {
    const places = [0];
    for (let place = places.pop(); place !== undefined; place = places.pop()) {
      if (place >= this.#size) continue;
      const row = this.#rows.get(place);
      if (this.#due.get(row) > at) continue;
      yield row;
      places.push(2 * place + 1, 2 * place + 2);
    }
  }

  #remove(row: number, place: number): void {
    this.#places.set(row, 0);
    this.#size -= 1;
    if (place === this.#size) return;
    const moved = this.#rows.get(this.#size);
    const at = this.#due.get(moved);
    if (at < this.#due.get(row)) this.#rise(place, moved, at);
    else this.#sink(place, moved, at);
  }

  #rise(from: number, row: number, at: EpochMs): void {
    let place = from;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      const above = this.#rows.get(parent);
      if (this.#due.get(above) <= at) break;
      this.#seat(place, above);
      place = parent;
    }
    this.#seat(place, row);
  }

  #sink(from: number, row: number, at: EpochMs): void {
    let place = from;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= this.#size) break;
      let below = this.#rows.get(child);
      if (child + 1 < this.#size) {
        const right = this.#rows.get(child + 1);
        if (this.#due.get(right) < this.#due.get(below)) {
          child += 1;
          below = right;
        }
      }
      if (this.#due.get(below) >= at) break;
      this.#seat(place, below);
      place = child;
    }
    this.#seat(place, row);
  }

  #seat(place: number, row: number): void {
    this.#rows.set(place, row);
    this.#places.set(row, place + 1);
  }
}
