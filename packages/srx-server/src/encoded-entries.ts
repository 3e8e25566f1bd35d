import type { Entry } from "@rollcall/identity-core";
import type { CleaningFlag, EncodedEntry, SrxProfile } from "@rollcall/srx-protocol";

/**
 * Writes each entry once per profile and gives the same text to every firewall.
 *
 * Keyed by the entry itself: a new revision is a new entry, and what the table drops is forgotten here too.
 */
export class EncodedEntries {
  readonly #texts = new WeakMap<SrxProfile, WeakMap<Entry, EncodedEntry>>();
  readonly #onAltered: (flags: readonly CleaningFlag[]) => void;

  /** `onAltered` is told once of each entry that had to be changed to fit a firewall's fields. */
  constructor(onAltered: (flags: readonly CleaningFlag[]) => void) {
    this.#onAltered = onAltered;
  }

  encoder(profile: SrxProfile): (entry: Entry) => EncodedEntry {
    const texts = this.#texts.get(profile) ?? new WeakMap<Entry, EncodedEntry>();
    this.#texts.set(profile, texts);
    const { encodeEntry } = profile;
    return (entry) => {
      let encoded = texts.get(entry);
      if (encoded === undefined) {
        encoded = encodeEntry(entry);
        if (encoded.flags.length > 0) this.#onAltered(encoded.flags);
        texts.set(entry, encoded);
      }
      return encoded;
    };
  }
}
