import { formatIp, type IpAddress, type IpNumber, parseIpNumber } from "../ip-address.ts";
import type { ByteReader } from "./byte-reader.ts";
import type { ByteWriter } from "./byte-writer.ts";
import { Column } from "./column.ts";
import { HashChains, mix } from "./hash-chains.ts";
import { RowNumbers } from "./row-numbers.ts";

const WIDE_WORDS = 4;

/**
 * Gives each (address space, address) a row number, and finds the rows of an address in whatever space.
 * What a row holds is its owner's business: several tables may keep columns by these numbers.
 */
export class PlaceIndex {
  readonly rows = new RowNumbers();
  readonly #chains = new HashChains();
  /** The IPv4 address, or the number of the IPv6 address in `#wide`. */
  readonly #words = new Column("u32");
  /** (Number of the space + 1) * 2, and 1 more for IPv6. 0: the row is not used. */
  readonly #spaces = new Column("u32");
  readonly #wide = new Column("u32");
  readonly #wideRows = new RowNumbers();
  readonly #spaceNames: string[] = [];
  readonly #spaceNumbers = new Map<string, number>();

  /** Makes room for about so many rows at once, where there is none yet. */
  reserve(rows: number): void {
    this.#chains.reserve(rows);
  }

  /** -1: there is none, or `ip` is no address. */
  find(addressSpaceId: string, ip: string): number {
    const space = this.#spaceNumbers.get(addressSpaceId);
    const address = parseIpNumber(ip);
    if (space === undefined || address === null) return -1;
    return this.#find(space, address);
  }

  /** Finds the row or makes it. Throws `RangeError` where `ip` is no address. */
  add(addressSpaceId: string, ip: string): number {
    const address = parseIpNumber(ip);
    if (address === null) throw new RangeError(`"${ip}" is no address`);
    const space = this.#numberOf(addressSpaceId);
    const found = this.#find(space, address);
    if (found >= 0) return found;
    const row = this.rows.take();
    this.#seat(row, space, address);
    return row;
  }

  remove(row: number): void {
    this.#chains.remove(row);
    if (this.isWide(row)) this.#wideRows.giveBack(this.#words.get(row));
    this.#spaces.set(row, 0);
    this.rows.giveBack(row);
  }

  isUsed(row: number): boolean {
    return this.#spaces.get(row) !== 0;
  }

  spaceOf(row: number): string {
    return this.#spaceNames[(this.#spaces.get(row) >> 1) - 1] ?? "";
  }

  ipOf(row: number): IpAddress {
    return formatIp(this.#addressOf(row));
  }

  /** Whether the row's address is one of IPv6. */
  isWide(row: number): boolean {
    return (this.#spaces.get(row) & 1) === 1;
  }

  /** All rows of an address, whatever their space. */
  rowsOf(ip: string): number[] {
    const address = parseIpNumber(ip);
    if (address === null) return [];
    const rows: number[] = [];
    for (let row = this.#chains.first(hashOf(address)); row >= 0; row = this.#chains.after(row))
      if (this.#isAt(row, address)) rows.push(row);
    return rows;
  }

  /** The other rows of this row's address. */
  namesakesOf(row: number): number[] {
    const address = this.#addressOf(row);
    const rows: number[] = [];
    for (let other = this.#chains.first(hashOf(address)); other >= 0; other = this.#chains.after(other))
      if (other !== row && this.#isAt(other, address)) rows.push(other);
    return rows;
  }

  pack(row: number, writer: ByteWriter): void {
    writer.word(this.spaceOf(row));
    writer.byte(this.isWide(row) ? 6 : 4);
    const word = this.#words.get(row);
    if (!this.isWide(row)) writer.uint32(word);
    else for (let at = 0; at < WIDE_WORDS; at++) writer.uint32(this.#wide.get(word * WIDE_WORDS + at));
  }

  /** Takes over a packed row under the number it had; `rows.restore` is to follow. */
  unpack(row: number, reader: ByteReader): void {
    const space = this.#numberOf(reader.text());
    const family = reader.byte();
    if (family === 4) this.#seat(row, space, { family: 4, value: reader.uint32() });
    else if (family === 6) {
      let value = 0n;
      for (let at = 0; at < WIDE_WORDS; at++) value = (value << 32n) | BigInt(reader.uint32());
      this.#seat(row, space, { family: 6, value });
    } else throw new RangeError(`there is no address family ${family}`);
  }

  #seat(row: number, space: number, address: IpNumber): void {
    if (address.family === 4) {
      this.#words.set(row, address.value);
      this.#spaces.set(row, (space + 1) * 2);
    } else {
      const wide = this.#wideRows.take();
      for (let at = 0; at < WIDE_WORDS; at++)
        this.#wide.set(wide * WIDE_WORDS + at, wordOf(address.value, at));
      this.#words.set(row, wide);
      this.#spaces.set(row, (space + 1) * 2 + 1);
    }
    this.#chains.add(row, hashOf(address));
  }

  #find(space: number, address: IpNumber): number {
    for (let row = this.#chains.first(hashOf(address)); row >= 0; row = this.#chains.after(row))
      if (this.#spaces.get(row) >> 1 === space + 1 && this.#isAt(row, address)) return row;
    return -1;
  }

  #isAt(row: number, address: IpNumber): boolean {
    const word = this.#words.get(row);
    if (address.family === 4) return !this.isWide(row) && word === address.value;
    if (!this.isWide(row)) return false;
    for (let at = 0; at < WIDE_WORDS; at++)
      if (this.#wide.get(word * WIDE_WORDS + at) !== wordOf(address.value, at)) return false;
    return true;
  }

  #addressOf(row: number): IpNumber {
    const word = this.#words.get(row);
    if (!this.isWide(row)) return { family: 4, value: word };
    let value = 0n;
    for (let at = 0; at < WIDE_WORDS; at++)
      value = (value << 32n) | BigInt(this.#wide.get(word * WIDE_WORDS + at));
    return { family: 6, value };
  }

  #numberOf(addressSpaceId: string): number {
    const known = this.#spaceNumbers.get(addressSpaceId);
    if (known !== undefined) return known;
    const number = this.#spaceNames.push(addressSpaceId) - 1;
    this.#spaceNumbers.set(addressSpaceId, number);
    return number;
  }
}

function wordOf(value: bigint, at: number): number {
  return Number((value >> BigInt((WIDE_WORDS - 1 - at) * 32)) & 0xffff_ffffn);
}

function hashOf(address: IpNumber): number {
  if (address.family === 4) return mix(address.value);
  let hash = 6;
  for (let at = 0; at < WIDE_WORDS; at++) hash = mix(hash ^ wordOf(address.value, at));
  return hash;
}
