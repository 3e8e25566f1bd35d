import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import { ConfigError, type ConfigIssue } from "./config-error.ts";
import { Secret } from "./secret.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** Where to listen. Port 0 lets the system choose. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

interface Wish<T> {
  /** What the name means, in a few words: said when it is missing. */
  readonly what: string;
  /** Taken where the name is not set. Without one the name is required. */
  readonly fallback?: T;
}

/**
 * Reads names of the environment. Each reader gives the value or notes a fault; the faults are thrown together.
 * A name set to the empty text counts as not set.
 */
export interface EnvironmentReader {
  text(name: string, wish: Wish<string>): string;
  optionalText(name: string): string | null;
  /** A secret, from NAME or from the file that NAME_FILE names. */
  secret(name: string, wish: Wish<string>): Secret;
  optionalSecret(name: string): Secret | null;
  integer(name: string, wish: Wish<number> & { readonly min: number; readonly max: number }): number;
  /** Exactly `true` or `false`. */
  flag(name: string, wish: Wish<boolean>): boolean;
  oneOf<const Word extends string>(name: string, words: readonly Word[], wish: Wish<Word>): Word;
  /** An absolute URL of one of the `schemes` ("https:", …); given back as written, without a trailing slash. */
  url(name: string, schemes: readonly string[], wish: Wish<string>): string;
  /** `host:port`, `[v6]:port`. */
  listen(name: string, wish: Wish<string>): ListenAddress;
}

/**
 * Builds a configuration from the environment.
 *
 * Shape:  `build` names every variable once; what it returns is given back frozen on its first level.
 * Errors: `ConfigError` with every fault of the environment at once; what `build` made is then thrown away.
 */
export function readEnvironment<T extends object>(
  environment: Environment,
  build: (env: EnvironmentReader) => T,
): Readonly<T> {
  const issues: ConfigIssue[] = [];
  const built = build(createReader(environment, (issue) => issues.push(issue)));
  if (issues.length > 0) throw new ConfigError("environment", issues);
  return Object.freeze(built);
}

/** Parses `host:port`; null where it is none. The host may be empty no more than the port may be left out. */
export function parseListen(text: string): ListenAddress | null {
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([^\s:[\]]+)):(\d{1,5})$/.exec(text.trim());
  if (match === null) return null;
  const [, v6, plain, digits] = match;
  const port = Number(digits);
  if (port > 65_535 || (v6 !== undefined && isIP(v6) !== 6)) return null;
  return { host: v6 ?? plain ?? "", port };
}

export function formatListen({ host, port }: ListenAddress): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

function createReader(environment: Environment, note: (issue: ConfigIssue) => void): EnvironmentReader {
  const raw = (name: string): string | null => environment[name]?.trim() || null;

  function read<T>(
    name: string,
    wish: Wish<T>,
    parse: (text: string) => T | null,
    expected: string,
    spare: T,
  ): T {
    const text = raw(name);
    if (text === null) {
      if (wish.fallback !== undefined) return wish.fallback;
      note({ path: name, problem: `is not set; expected ${expected}`, remedy: `set it: ${wish.what}` });
      return spare;
    }
    const value = parse(text);
    if (value !== null) return value;
    note({ path: name, problem: `expected ${expected}`, remedy: `it means: ${wish.what}` });
    return spare;
  }

  function secretText(name: string): string | null {
    const file = raw(`${name}_FILE`);
    const text = raw(name);
    if (file === null) return text;
    if (text !== null) {
      note({ path: name, problem: `is set together with ${name}_FILE`, remedy: "keep one of the two" });
      return null;
    }
    try {
      const content = readFileSync(/*turbopackIgnore: true*/ file, "utf8").replace(/\r?\n$/, "");
      if (content !== "") return content;
      note({ path: `${name}_FILE`, problem: `${file} is empty` });
    } catch (cause) {
      note({
        path: `${name}_FILE`,
        problem: `cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`,
      });
    }
    return null;
  }

  return {
    text: (name, wish) => read(name, wish, (text) => text, "a text", ""),
    optionalText: raw,
    secret(name, wish) {
      const before = raw(`${name}_FILE`);
      const text = secretText(name);
      if (text !== null) return new Secret(text);
      if (before === null && wish.fallback !== undefined) return new Secret(wish.fallback);
      if (before === null && raw(name) === null)
        note({ path: name, problem: "is not set", remedy: `set it or ${name}_FILE: ${wish.what}` });
      return new Secret("");
    },
    optionalSecret(name) {
      const text = secretText(name);
      return text === null ? null : new Secret(text);
    },
    integer: (name, wish) =>
      read(
        name,
        wish,
        (text) =>
          /^-?\d{1,15}$/.test(text) && Number(text) >= wish.min && Number(text) <= wish.max
            ? Number(text)
            : null,
        `a whole number from ${wish.min} to ${wish.max}`,
        wish.min,
      ),
    flag: (name, wish) =>
      read(
        name,
        wish,
        (text) => (text === "true" ? true : text === "false" ? false : null),
        "true or false",
        false,
      ),
    oneOf<const Word extends string>(name: string, words: readonly Word[], wish: Wish<Word>): Word {
      const [first] = words;
      if (first === undefined) throw new RangeError(`read ${name}: no words to choose from`);
      return read(
        name,
        wish,
        (text) => words.find((word) => word === text) ?? null,
        `one of ${words.join(", ")}`,
        first,
      );
    },
    url: (name, schemes, wish) =>
      read(
        name,
        wish,
        (text) =>
          URL.canParse(text) && schemes.includes(new URL(text).protocol) ? text.replace(/\/+$/, "") : null,
        `a URL that starts with ${schemes.map((scheme) => `${scheme}//`).join(" or ")}`,
        "",
      ),
    listen(name, wish) {
      const text = read(
        name,
        wish,
        (value) => (parseListen(value) === null ? null : value),
        "host:port, as in 127.0.0.1:8443",
        "",
      );
      return parseListen(text) ?? { host: "127.0.0.1", port: 0 };
    },
  };
}
