import { KNOWN_NAME_WORDS, KNOWN_VALUE_WORDS, splitWords } from "./known-words.ts";
import type { Pseudonyms, SecretKind } from "./pseudonyms.ts";

/** Names whose values are of a person, a machine or their groups: nothing in them is kept, not even a word of the protocol. */
const PERSONAL =
  /user|name|account|person|mail|upn|sam|(?:^|-)sid|role|group|domain|realm|device|host|machine|computer|workstation|identity|value|(?:^|-)tag|(?:^|-)dn$|(?:^|-)u?id$|owner|display|(?:^|-)ip|address/;
/** Names whose values are technical although the name reads like a person's or a machine's. */
const TECHNICAL =
  /(?:^|-)(?:os|os-version|category|vendor|type|state|status|operation|activity|event|action|kind|posture|spt|source|online|error|grant-type|token-type|expires-in|count|version)$/;
const NAMES_REMEMBERED_MAX = 2000;
const SMALL_NUMBER = /^\d{1,5}(?:\.\d{1,6})?$/;

/** A function of short texts that remembers what it said, for the few names that come again with every entry. */
function remembered<T>(compute: (text: string) => T): (text: string) => T {
  const known = new Map<string, T>();
  return (text) => {
    const found = known.get(text);
    if (found !== undefined) return found;
    const made = compute(text);
    if (known.size < NAMES_REMEMBERED_MAX && text.length <= 64) known.set(text, made);
    return made;
  };
}

const plainName = remembered((name) => splitWords(name).join("-"));

/** What kind of secret a name speaks of; null where of none. */
export const secretKindOf = remembered((name: string): SecretKind | null => {
  const plain = plainName(name);
  if (/^(?:token-type|grant-type|expires-in|token-expire.*)$/.test(plain)) return null;
  if (/client-?id$/.test(plain)) return "client";
  if (/secret|passw|pwd|passphrase|assertion|private/.test(plain)) return "secret";
  if (/token|bearer|jwt|api-?key|credential|authori[sz]ation|signature/.test(plain)) return "token";
  return /cookie|cursor|jsession|session-?id/.test(plain) ? "cookie" : null;
});

/** Replaces by what the names around a value say, and by what the value looks like. */
export interface ValueRules {
  /** `names`: the names on the way to the value, outermost first. */
  text(names: readonly string[], value: string): string;
  /** A number as it was written. */
  number(names: readonly string[], written: string): string;
  /** The name of a member or parameter, as it may be written. `holdsMore`: it names an object, where a name of somebody is likelier. */
  name(name: string, holdsMore: boolean): string;
  /** A segment of a path. */
  segment(text: string): string;
  /** Names and segments that were replaced because they might name somebody. */
  readonly hidden: number;
}

/**
 * The rules of a recording: what is not known to be harmless is replaced.
 *
 * `extraWords`: words somebody vouches for (`--keep-word`), in lower case: of a path or of an unknown name of a field.
 */
export function createValueRules(names: Pseudonyms, extraWords: readonly string[] = []): ValueRules {
  const extra = new Set(extraWords.map((word) => word.toLowerCase()));
  let hidden = 0;
  const isKnown = (word: string): boolean =>
    KNOWN_NAME_WORDS.has(word) || extra.has(word) || /^\d{1,3}$/.test(word);
  const isHarmless = (word: string): boolean =>
    KNOWN_VALUE_WORDS.has(word) || extra.has(word) || /^\d{1,3}$/.test(word);
  const hide = (text: string): string => {
    hidden += 1;
    return names.text(text);
  };

  const number = (path: readonly string[], written: string): string => {
    const secret = secretKindOf(path.at(-1) ?? "");
    if (secret !== null && written.length > 3) return names.secret(secret, written);
    if (isPersonal(path)) return names.number(written);
    return (
      names.time(written) ??
      (SMALL_NUMBER.test(written) || /^-?[01]$/.test(written) ? written : names.number(written))
    );
  };

  return {
    get hidden() {
      return hidden;
    },
    text(path, value) {
      if (value === "") return "";
      const secret = secretKindOf(path.at(-1) ?? "");
      if (secret !== null) return names.secret(secret, value);
      const plain = names.address(value) ?? names.time(value);
      if (plain !== null) return plain;
      if (/^\d+(?:\.\d+)?$/.test(value)) return number(path, value);
      if (!isPersonal(path) && value.length <= 100 && splitWords(value).every(isHarmless)) return value;
      return names.text(value);
    },
    number,
    name(name, holdsMore) {
      if (!/^[A-Za-z_@$#:][\w.:@$#-]{0,63}$/.test(name) || names.address(name) !== null) return hide(name);
      const words = splitWords(name);
      if (words.every(isKnown)) return name;
      return holdsMore || words.some((word) => names.knows(word) && !isKnown(word)) ? hide(name) : name;
    },
    segment(text) {
      const address = names.address(text);
      if (address !== null) return address;
      return splitWords(text).every(isKnown) ? text : hide(text);
    },
  };
}

function isPersonal(path: readonly string[]): boolean {
  const last = plainName(path.at(-1) ?? "");
  if (TECHNICAL.test(last)) return false;
  return PERSONAL.test(last) || PERSONAL.test(plainName(path.at(-2) ?? ""));
}
