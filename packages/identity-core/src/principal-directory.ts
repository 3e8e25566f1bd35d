import type { PrincipalFacts, PrincipalName } from "./observation.ts";
import { ByteReader } from "./packed/byte-reader.ts";
import { Column } from "./packed/column.ts";
import { type NamedFacts, packFacts, unpackFacts, unpackNames } from "./packed/pack-facts.ts";
import { PackedMemory } from "./packed/packed-memory.ts";
import { RowNumbers } from "./packed/row-numbers.ts";
import { ChangedPages, PAGE_ROWS, type RowPage } from "./packed/row-pages.ts";
import { hashOfToken, packHashes, unpackHashes } from "./packed/token-hash.ts";
import { TokenIndex } from "./packed/token-index.ts";

/** What the law asks of a directory when it evaluates an address. */
export interface PrincipalLookup {
  /** The principal's key: of its facts where they are known, else made of the name itself. */
  resolve(name: PrincipalName): string;
  factsOf(key: string): PrincipalFacts | null;
}

/**
 * Every spelling under which a name may be known, strongest first, in lower case.
 * Shape: SID, `domain\name`, UPN (also `name@domain`), and the bare name last.
 */
export function tokensOf(name: PrincipalName): string[] {
  const tokens: string[] = [];
  if (name.sid) tokens.push(name.sid.toLowerCase());
  const bare = name.name?.toLowerCase();
  const domain = name.domain?.toLowerCase();
  if (bare && domain) tokens.push(`${domain}\\${bare}`);
  if (name.upn) tokens.push(name.upn.toLowerCase());
  if (bare && domain) tokens.push(`${bare}@${domain}`);
  // A bare name stands for somebody only where no domain was given: two domains may have the same name.
  if (bare && !domain && !name.upn) tokens.push(bare);
  return tokens;
}

export function tokensOfFacts(facts: PrincipalFacts): string[] {
  const tokens = new Set([facts.key.toLowerCase(), ...facts.aliases]);
  // Directories write a computer as NAME$, sources mostly as NAME.
  if (facts.kind === "device")
    for (const alias of facts.aliases) if (alias.endsWith("$")) tokens.add(alias.slice(0, -1));
  return [...tokens];
}

/** The key of a name that no directory knows. */
export function keyOfUnknown(name: PrincipalName): string {
  if (name.sid) return name.sid.toLowerCase();
  if (name.name) return `${(name.domain ?? "").toLowerCase()}\\${name.name.toLowerCase()}`;
  return (name.upn ?? "").toLowerCase();
}

/** What became of facts that were offered. */
export type TakenFacts = "changed" | "same" | "older";

/**
 * Facts of principals by key and by every alias. Of two reports of one principal the one with the greater `asOf`
 * stays (ties: greater directory id), so that the order of arrival decides nothing. An alias that two principals
 * claim stands for neither of them.
 *
 * Holds packed records: what it gives is made anew each time and belongs to the caller.
 */
export class PrincipalDirectory implements PrincipalLookup {
  readonly #memory: PackedMemory;
  readonly #rows = new RowNumbers();
  /** Where each row's record stands; 0: the row is not used. */
  readonly #handles = new Column("u32");
  readonly #tokens = new TokenIndex();
  readonly #changed: ChangedPages | null;
  #newest: { readonly row: number; readonly facts: PrincipalFacts } | null = null;

  /** `notesChanges`: somebody stores its pages. */
  constructor(memory: PackedMemory = new PackedMemory(), notesChanges = false) {
    this.#memory = memory;
    this.#changed = notesChanges ? new ChangedPages() : null;
  }

  /** True when what is known of the principal changed. */
  upsert(facts: PrincipalFacts): boolean {
    return this.take(facts) === "changed";
  }

  /** `same`: newer, but for its time it says what was known. `older`: left aside. */
  take(facts: PrincipalFacts): TakenFacts {
    const row = this.#rowOf(facts.key);
    const before = row < 0 ? null : this.#factsAt(row);
    if (before !== null && !isNewer(facts, before)) return "older";
    this.#write(row, facts);
    return before !== null && sameFacts(before, facts) ? "same" : "changed";
  }

  /** Takes the facts whatever was known before. */
  put(facts: PrincipalFacts): void {
    this.#write(this.#rowOf(facts.key), facts);
  }

  resolve(name: PrincipalName): string {
    for (const token of tokensOf(name)) {
      let key: string | null = null;
      let isShared = false;
      this.#tokens.find(hashOfToken(token), (row) => {
        const named = this.#namesAt(row);
        if (!isSpelling(named, token)) return false;
        isShared = key !== null;
        key ??= named.key;
        return isShared;
      });
      if (key !== null && !isShared) return key;
    }
    return keyOfUnknown(name);
  }

  factsOf(key: string): PrincipalFacts | null {
    const row = this.#rowOf(key);
    return row < 0 ? null : this.#factsAt(row);
  }

  /** Everybody who claims one of the spellings. */
  claiming(tokens: readonly string[]): PrincipalFacts[] {
    const rows = new Set<number>();
    for (const token of tokens)
      for (const row of this.#tokens.rowsOf(hashOfToken(token)))
        if (!rows.has(row) && isSpelling(this.#namesAt(row), token)) rows.add(row);
    return [...rows].map((row) => this.#factsAt(row));
  }

  /** Everybody who may be meant by one of the spellings: by the part of it that is the person's own. */
  sharing(spellings: readonly string[]): PrincipalFacts[] {
    const rows = new Set(spellings.flatMap((one) => this.#tokens.rowsOf(hashOfToken(one.toLowerCase()))));
    return [...rows].map((row) => this.#factsAt(row));
  }

  /** Forgets a principal; whoever reads its directory may bring it again. */
  remove(key: string): void {
    const row = this.#rowOf(key);
    if (row < 0) return;
    this.#newest = null;
    for (const hash of this.#hashesAt(row)) this.#tokens.remove(row, hash);
    this.#memory.slab.drop(this.#handles.get(row));
    this.#handles.set(row, 0);
    this.#rows.giveBack(row);
    this.#changed?.note(row);
  }

  get size(): number {
    return this.#rows.used;
  }

  /** Everybody. What is removed on the way is not met again, what is added may not be met. */
  *all(): Generator<PrincipalFacts, undefined> {
    for (let row = 0; row < this.#rows.end; row++) if (this.#handles.get(row) !== 0) yield this.#factsAt(row);
  }

  /** Everybody in rows `from` to before `to`, and whether there are more beyond: for those who go through all in steps. */
  stretch(from: number, to: number): { readonly facts: PrincipalFacts[]; readonly isLast: boolean } {
    const facts: PrincipalFacts[] = [];
    for (let row = from; row < Math.min(to, this.#rows.end); row++)
      if (this.#handles.get(row) !== 0) facts.push(this.#factsAt(row));
    return { facts, isLast: to >= this.#rows.end };
  }

  get hasChangedPages(): boolean {
    return (this.#changed?.size ?? 0) > 0;
  }

  /** Pages that changed since `pagesStored`, as they are to be stored. */
  *changedPages(): Generator<RowPage, undefined> {
    for (const page of this.#changed?.list() ?? []) yield { page, body: this.#packPage(page) };
  }

  pagesStored(): void {
    this.#changed?.clear();
  }

  /** Takes over stored pages, of about so many rows. Call once, before anything else. Throws `RangeError` for bytes that nobody stored so. */
  restorePages(pages: Iterable<{ readonly page: number; readonly body: Uint8Array }>, rows = 0): void {
    const { slab, vocabulary } = this.#memory;
    // A SID and a name each.
    this.#tokens.reserve(2 * rows);
    const body = new ByteReader(vocabulary);
    let end = 0;
    for (const page of pages) {
      body.open(page.body, 0, page.body.length);
      while (!body.isAtEnd) {
        const row = page.page * PAGE_ROWS + body.byte();
        const length = body.count();
        const from = body.skip(length);
        const handle = slab.put(page.body.subarray(from, from + length), length);
        this.#handles.set(row, handle);
        this.#tokens.addPacked(row, this.#memory.open(handle));
        end = Math.max(end, row + 1);
      }
    }
    this.#rows.restore(end, (row) => this.#handles.get(row) !== 0);
  }

  #packPage(page: number): Uint8Array | null {
    const body = this.#memory.pageWriter.begin();
    for (let row = page * PAGE_ROWS; row < (page + 1) * PAGE_ROWS; row++) {
      const handle = this.#handles.get(row);
      if (handle === 0) continue;
      const record = this.#memory.open(handle);
      body.byte(row % PAGE_ROWS);
      body.count(record.end - record.at);
      body.raw(record.bytes, record.at, record.end);
    }
    return body.length === 0 ? null : body.bytes.subarray(0, body.length);
  }

  #write(found: number, facts: PrincipalFacts): void {
    const { slab, writer } = this.#memory;
    this.#newest = null;
    const before = found < 0 ? [] : this.#hashesAt(found);
    const hashes = [...new Set(tokensOfFacts(facts).map(hashOfToken))];
    writer.begin();
    packHashes(hashes, writer);
    packFacts(facts, writer);
    const row = found < 0 ? this.#rows.take() : found;
    this.#handles.set(row, slab.replace(this.#handles.get(row), writer.bytes, writer.length));
    this.#tokens.move(row, before, hashes);
    this.#changed?.note(row);
  }

  #rowOf(key: string): number {
    return this.#tokens.find(hashOfToken(key.toLowerCase()), (row) => this.#namesAt(row).key === key);
  }

  #hashesAt(row: number): number[] {
    return unpackHashes(this.#memory.open(this.#handles.get(row)));
  }

  #namesAt(row: number): NamedFacts {
    const record = this.#memory.open(this.#handles.get(row));
    record.skip(record.count() * 4);
    return unpackNames(record);
  }

  #factsAt(row: number): PrincipalFacts {
    // The law asks of one principal several times in a row.
    if (this.#newest?.row === row) return this.#newest.facts;
    const record = this.#memory.open(this.#handles.get(row));
    record.skip(record.count() * 4);
    const facts = unpackFacts(record);
    this.#newest = { row, facts };
    return facts;
  }
}

/** Whether a spelling, in lower case, is one that these facts claim. */
export function isSpelling(facts: Pick<PrincipalFacts, "key" | "kind" | "aliases">, token: string): boolean {
  if (facts.key.toLowerCase() === token || facts.aliases.includes(token)) return true;
  return facts.kind === "device" && facts.aliases.includes(`${token}$`);
}

function isNewer(a: PrincipalFacts, b: PrincipalFacts): boolean {
  if (a.asOf !== b.asOf) return a.asOf > b.asOf;
  if (a.directoryId !== b.directoryId) return a.directoryId > b.directoryId;
  // One directory, one instant, two contents: any fixed choice gives every reader the same answer.
  return inOneOrder(a) > inOneOrder(b);
}

/** Whether two reports say the same of a principal, whenever they were made. */
export function sameFacts(a: PrincipalFacts, b: PrincipalFacts): boolean {
  return (
    a.key === b.key &&
    a.kind === b.kind &&
    a.directoryId === b.directoryId &&
    a.domain === b.domain &&
    a.netbiosDomain === b.netbiosDomain &&
    a.name === b.name &&
    a.upn === b.upn &&
    a.displayName === b.displayName &&
    a.enabled === b.enabled &&
    sameList(a.aliases, b.aliases) &&
    sameList(a.groups, b.groups) &&
    a.device?.os === b.device?.os &&
    a.device?.osVersion === b.device?.osVersion &&
    a.device?.category === b.device?.category &&
    a.device?.vendor === b.device?.vendor &&
    a.device?.model === b.device?.model &&
    a.hostMarkId === b.hostMarkId
  );
}

function sameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item, at) => item === b[at]);
}

/** The facts as text, the same whatever order their fields came in. */
function inOneOrder(facts: PrincipalFacts): string {
  const { device } = facts;
  return JSON.stringify([
    facts.key,
    facts.kind,
    facts.aliases,
    facts.domain,
    facts.netbiosDomain,
    facts.name,
    facts.upn,
    facts.displayName,
    facts.groups,
    [device?.os, device?.osVersion, device?.category, device?.vendor, device?.model],
    facts.enabled,
    ...(facts.hostMarkId === undefined ? [] : [facts.hostMarkId]),
  ]);
}
