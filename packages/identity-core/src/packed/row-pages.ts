const ROWS_BITS = 3;
/** Rows of one page: what is written to the disk together. */
export const PAGE_ROWS = 1 << ROWS_BITS;

/** A page of rows as it is stored; null: none of its rows is used. The body is right until the next page is made. */
export interface RowPage {
  readonly page: number;
  readonly body: Uint8Array | null;
}

/** Notes which pages hold rows that changed since they were last stored. */
export class ChangedPages {
  readonly #pages = new Set<number>();

  get size(): number {
    return this.#pages.size;
  }

  note(row: number): void {
    this.#pages.add(row >>> ROWS_BITS);
  }

  /** In order, so that a disk writes forwards. */
  list(): number[] {
    return [...this.#pages].sort((a, b) => a - b);
  }

  clear(): void {
    this.#pages.clear();
  }
}
