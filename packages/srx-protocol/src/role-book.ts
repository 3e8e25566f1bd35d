import { type CleaningFlag, cleanName } from "./clean-text.ts";

/** A role as it is told. */
export interface CleanRole {
  readonly role: string;
  /** The same as it stands in an answer. */
  readonly written: string;
}

interface Known extends CleanRole {
  readonly flags: readonly CleaningFlag[];
  /** Shared by all spellings of one role: which list it was last put into. */
  readonly last: { list: number };
}

/** A customer has thousands of groups, and each stands in thousands of entries. */
const ROLES_KEPT = 50_000;

/**
 * Cleans lists of groups, each group once.
 *
 * Holds  what each group became, up to a bound, then begins anew: between two lists, never within one.
 */
export class RoleBook {
  readonly #nameBytesMax: number;
  readonly #write: (role: string) => string;
  readonly #known = new Map<string, Known>();
  readonly #byKey = new Map<string, { list: number }>();
  #list = 0;

  constructor(nameBytesMax: number, write: (role: string) => string) {
    this.#nameBytesMax = nameBytesMax;
    this.#write = write;
  }

  /** Groups remembered now: never many more than the bound. */
  get kept(): number {
    return this.#known.size;
  }

  /** Drops empties and repeats (compared without case), keeps the first `max`: an entry lists the important ones first. */
  listOf(groups: readonly string[], flags: Set<CleaningFlag>, max: number): readonly CleanRole[] {
    if (this.#known.size > ROLES_KEPT) {
      this.#known.clear();
      this.#byKey.clear();
    }
    this.#list += 1;
    const roles: CleanRole[] = [];
    for (const group of groups) {
      const known = this.#known.get(group) ?? this.#learn(group);
      for (const flag of known.flags) flags.add(flag);
      if (known.role === "" || known.last.list === this.#list) continue;
      if (roles.length === max) {
        flags.add("roles-capped");
        break;
      }
      known.last.list = this.#list;
      roles.push(known);
    }
    return roles;
  }

  #learn(group: string): Known {
    const flags = new Set<CleaningFlag>();
    const role = cleanName(group, flags, this.#nameBytesMax);
    const key = role.toLowerCase();
    const last = this.#byKey.get(key) ?? { list: 0 };
    this.#byKey.set(key, last);
    const known: Known = { role, written: this.#write(role), flags: [...flags], last };
    this.#known.set(group, known);
    return known;
  }
}
