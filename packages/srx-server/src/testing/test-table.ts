import { type Entry, EntryLog, type EntrySource } from "@rollcall/identity-core";

/** The real entry log with a name of its own: a test says what is there, revisions count up. */
export class TestTable extends EntryLog implements EntrySource {
  readonly issuer: string;
  incarnation: string;

  constructor(issuer = "00000000000000aa", incarnation = "00000000000000bb") {
    super();
    this.issuer = issuer;
    this.incarnation = incarnation;
  }

  /** Gives the entry the next revision and puts it in place of the older one of its address. */
  tell(entry: Entry): Entry {
    const told = { ...entry, revision: this.revision + 1 };
    this.put(told);
    return told;
  }
}
