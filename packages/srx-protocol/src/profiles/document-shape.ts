/** One thing that is wrong with a document, where it stands (`body.fields[3].as`), and what to do. */
export interface ProfileFault {
  readonly path: string;
  readonly sentence: string;
}

/** How a shape looks to a reader of the reference. */
export interface ShapeText {
  readonly type: string;
  readonly says: string;
  readonly fallback: string | null;
  readonly members?: readonly (readonly [name: string, shape: Shape<unknown>])[];
  readonly item?: Shape<unknown>;
}

/** A part of a document: reads a stranger's value, and says of itself what the reference prints. */
export interface Shape<T> {
  readonly text: ShapeText;
  /** What an absent value means; undefined where it must be there. */
  readonly fallback: T | undefined;
  read(value: unknown, path: string, faults: FaultList): T | undefined;
}

export type TypeOf<S> = S extends Shape<infer T> ? T : never;

const FAULTS_MAX = 20;

/** Collects faults up to twenty, then counts: a document of rubbish must not become an answer as long as itself. */
export class FaultList {
  readonly #faults: ProfileFault[] = [];
  #more = 0;

  add(path: string, sentence: string): undefined {
    if (this.#faults.length < FAULTS_MAX) this.#faults.push({ path: path.slice(0, 200), sentence });
    else this.#more += 1;
    return undefined;
  }

  get isEmpty(): boolean {
    return this.#faults.length === 0;
  }

  list(): readonly ProfileFault[] {
    return this.#more === 0
      ? this.#faults
      : [...this.#faults, { path: "", sentence: `And ${this.#more} more: mend these first.` }];
  }
}

/** Where a shape may be left out of its object. */
export function optional<T>(shape: Shape<T>, fallback: T): Shape<T> {
  return { ...shape, fallback, text: { ...shape.text, fallback: JSON.stringify(fallback) } };
}

export function text(
  says: string,
  rule: { readonly pattern: RegExp; readonly max: number; readonly like: string },
): Shape<string> {
  return {
    fallback: undefined,
    text: { type: `text, ${rule.like}`, says, fallback: null },
    read(value, path, faults) {
      if (typeof value !== "string") return faults.add(path, "Must be a text.");
      if (value.length > rule.max) return faults.add(path, `Is longer than ${rule.max} characters.`);
      return rule.pattern.test(value) ? value : faults.add(path, `Must be ${rule.like}.`);
    },
  };
}

export function whole(says: string, min: number, max: number): Shape<number> {
  return {
    fallback: undefined,
    text: { type: `number, ${min} to ${max}`, says, fallback: null },
    read(value, path, faults) {
      if (typeof value === "number" && Number.isInteger(value) && value >= min && value <= max) return value;
      return faults.add(path, `Must be a whole number from ${min} to ${max}.`);
    },
  };
}

export function flag(says: string): Shape<boolean> {
  return {
    fallback: undefined,
    text: { type: "true or false", says, fallback: null },
    read: (value, path, faults) =>
      typeof value === "boolean" ? value : faults.add(path, "Must be true or false."),
  };
}

export function choice<const T extends string>(says: string, words: readonly T[]): Shape<T> {
  return {
    fallback: undefined,
    text: { type: words.map((word) => `\`${word}\``).join(", "), says, fallback: null },
    read: (value, path, faults) =>
      words.find((word) => word === value) ?? faults.add(path, `Must be one of: ${words.join(", ")}.`),
  };
}

export function nullable<T>(shape: Shape<T>): Shape<T | null> {
  return {
    fallback: shape.fallback,
    text: { ...shape.text, type: `${shape.text.type}, or null` },
    read: (value, path, faults) => (value === null ? null : shape.read(value, path, faults)),
  };
}

export function list<T>(says: string, item: Shape<T>, min: number, max: number): Shape<readonly T[]> {
  return {
    fallback: undefined,
    text: { type: `list of ${min} to ${max}: ${item.text.type}`, says, fallback: null, item },
    read(value, path, faults) {
      if (!Array.isArray(value)) return faults.add(path, "Must be a list.");
      if (value.length < min || value.length > max)
        return faults.add(path, `Must have ${min} to ${max} items, has ${value.length}.`);
      const read: T[] = [];
      for (let at = 0; at < value.length; at++) {
        const one = item.read(value[at], `${path}[${at}]`, faults);
        if (one !== undefined) read.push(one);
      }
      return read.length === value.length ? read : undefined;
    },
  };
}

type Members = Readonly<Record<string, Shape<unknown>>>;
type ObjectOf<M extends Members> = { readonly [K in keyof M]: TypeOf<M[K]> };

/**
 * An object with exactly these members.
 *
 * Errors: a member that nobody knows is a fault, so that a misspelt one is not silently its default. Only members
 *         of its own are looked at: a name such as `__proto__` is one that nobody knows.
 */
export function record<M extends Members>(says: string, members: M): Shape<ObjectOf<M>> {
  const entries = Object.entries(members);
  const known = new Set(entries.map(([name]) => name));
  return {
    fallback: undefined,
    text: { type: "object", says, fallback: null, members: entries },
    read(value, path, faults) {
      if (typeof value !== "object" || value === null || Array.isArray(value))
        return faults.add(path, "Must be an object.");
      const own = new Map(Object.entries(value));
      for (const name of own.keys())
        if (!known.has(name)) faults.add(at(path, name.slice(0, 64)), "Nobody knows this name.");
      const read: Record<string, unknown> = {};
      let isWhole = true;
      for (const [name, shape] of entries) {
        const given = own.get(name);
        const one = given === undefined ? shape.fallback : shape.read(given, at(path, name), faults);
        if (given === undefined && shape.fallback === undefined) faults.add(at(path, name), "Is missing.");
        if (one === undefined) isWhole = false;
        else read[name] = one;
      }
      // Every member was read by its own shape: the type is earned.
      return isWhole ? (read as ObjectOf<M>) : undefined;
    },
  };
}

function at(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}
