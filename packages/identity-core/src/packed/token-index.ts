import type { ByteReader } from "./byte-reader.ts";
import { Column } from "./column.ts";
import { HashChains } from "./hash-chains.ts";
import { RowNumbers } from "./row-numbers.ts";

/** Which rows hold which spellings, by the hash of the spelling: who asks compares the spelling itself. */
export class TokenIndex {
  readonly #chains = new HashChains();
  readonly #notes = new RowNumbers();
  readonly #rowOf = new Column("u32");

  /** Makes room for about so many notes at once, where none is in it yet. */
  reserve(notes: number): void {
    this.#chains.reserve(notes);
  }

  /** Adds the row under the hashes that `packHashes` wrote. */
  addPacked(row: number, record: ByteReader): void {
    for (let left = record.count(); left > 0; left--) this.add(row, record.uint32());
  }

  add(row: number, hash: number): void {
    const note = this.#notes.take();
    this.#rowOf.set(note, row);
    this.#chains.add(note, hash);
  }

  remove(row: number, hash: number): void {
    for (let note = this.#chains.first(hash); note >= 0; note = this.#chains.after(note)) {
      if (this.#rowOf.get(note) !== row) continue;
      this.#chains.remove(note);
      this.#notes.giveBack(note);
      return;
    }
  }

  /** Puts the row from under some hashes under others. */
  move(row: number, before: readonly number[], after: readonly number[]): void {
    for (const hash of before) if (!after.includes(hash)) this.remove(row, hash);
    for (const hash of after) if (!before.includes(hash)) this.add(row, hash);
  }

  rowsOf(hash: number): number[] {
    const rows: number[] = [];
    for (let note = this.#chains.first(hash); note >= 0; note = this.#chains.after(note))
      rows.push(this.#rowOf.get(note));
    return rows;
  }

  /** The first row of that hash for which `isMeant` holds; -1: none. */
  find(hash: number, isMeant: (row: number) => boolean): number {
    for (let note = this.#chains.first(hash); note >= 0; note = this.#chains.after(note)) {
      const row = this.#rowOf.get(note);
      if (isMeant(row)) return row;
    }
    return -1;
  }
}
