import type { SrxProfile } from "../profile.ts";
import { builtInProfile, jsonSuperset } from "./built-in-profiles.ts";
import type { ProfileFault } from "./document-shape.ts";
import { isBuiltInKey, readProfile } from "./read-profile.ts";

/** A custom profile as a configuration holds it. */
export interface KeptProfile {
  readonly id: string;
  readonly name: string;
  readonly document: unknown;
}

/** The profiles that a customer's firewalls can be answered with. */
export interface ProfileShelf {
  /** The custom ones that could be read, in their order. */
  readonly customs: readonly SrxProfile[];
  /** Those that could not, and why. Nobody is answered with them. */
  readonly refused: readonly {
    readonly id: string;
    readonly name: string;
    readonly faults: readonly ProfileFault[];
  }[];
  /** The profile of that name. `isMissing`: there is none, and the first built-in one stands in. */
  find(key: string): { readonly profile: SrxProfile; readonly isMissing: boolean };
}

/** Reads what a configuration holds. A custom profile cannot take the place of a built-in one. */
export function profileShelf(kept: readonly KeptProfile[]): ProfileShelf {
  const customs: SrxProfile[] = [];
  const refused: ProfileShelf["refused"][number][] = [];
  for (const { id, name, document } of kept) {
    const reading = isBuiltInKey(id)
      ? { kind: "refused" as const, faults: [{ path: "", sentence: "Has the name of a built-in profile." }] }
      : readProfile(document, { key: id, name });
    if (reading.kind === "profile") customs.push(reading.profile);
    else refused.push({ id, name, faults: reading.faults });
  }
  const byKey = new Map(customs.map((profile) => [profile.key, profile]));
  return {
    customs,
    refused,
    find(key) {
      const profile = builtInProfile(key) ?? byKey.get(key);
      return profile === undefined
        ? { profile: jsonSuperset, isMissing: true }
        : { profile, isMissing: false };
    },
  };
}
