type Cells = Uint8Array | Uint32Array | Float64Array;

const CELLS_BITS = 14;
const CELLS = 1 << CELLS_BITS;
const FIRST_CELLS = 16;

const MAKE: Readonly<Record<"u8" | "u32" | "f64", (cells: number) => Cells>> = {
  u8: (cells) => new Uint8Array(cells),
  u32: (cells) => new Uint32Array(cells),
  f64: (cells) => new Float64Array(cells),
};

/**
 * A list of numbers outside the heap, one a row. What was never set is 0 and, but for a part of a chunk, costs nothing.
 *
 * Grows by chunks: only the first one is ever copied, so that a small table is small and a large one never pauses to
 * move.
 */
export class Column {
  readonly #chunks: (Cells | undefined)[] = [];
  readonly #make: (cells: number) => Cells;

  constructor(kind: "u8" | "u32" | "f64") {
    this.#make = MAKE[kind];
  }

  get(row: number): number {
    return this.#chunks[row >>> CELLS_BITS]?.[row & (CELLS - 1)] ?? 0;
  }

  set(row: number, value: number): void {
    const at = row >>> CELLS_BITS;
    const cell = row & (CELLS - 1);
    let chunk = this.#chunks[at];
    if (chunk === undefined || cell >= chunk.length) {
      if (value === 0) return;
      chunk = this.#grow(at, cell, chunk);
    }
    chunk[cell] = value;
  }

  #grow(at: number, cell: number, before: Cells | undefined): Cells {
    let cells = at === 0 ? FIRST_CELLS : CELLS;
    while (cells <= cell) cells *= 2;
    const grown = this.#make(cells);
    if (before !== undefined) grown.set(before);
    while (this.#chunks.length < at) this.#chunks.push(undefined);
    this.#chunks[at] = grown;
    return grown;
  }
}
