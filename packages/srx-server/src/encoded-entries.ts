import type { Entry } from "@rollcall/identity-core";
import { type EncodedEntry, type ProfileId, profileOf } from "@rollcall/srx-protocol";

/**
 * Writes each entry once per profile and gives the same text to every firewall.
 *
 * Keyed by the entry itself: a new revision is a new entry, and what the table drops is forgotten here too.
 */
export class EncodedEntries {
  readonly #texts = new Map<ProfileId, WeakMap<Entry, EncodedEntry>>();

  encoder(profile: ProfileId): (entry: Entry) => EncodedEntry {
    const texts = this.#texts.get(profile) ?? new WeakMap<Entry, EncodedEntry>();
    this.#texts.set(profile, texts);
    const { encodeEntry } = profileOf(profile);
    return (entry) => {
      let encoded = texts.get(entry);
      if (encoded === undefined) {
        encoded = encodeEntry(entry);
        texts.set(entry, encoded);
      }
      return encoded;
    };
  }
}
