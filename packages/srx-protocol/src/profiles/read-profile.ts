import { hash32 } from "../cursor.ts";
import type { SrxProfile } from "../profile.ts";
import { BUILT_IN_PROFILES, DEFAULT_SOURCE } from "./built-in-profiles.ts";
import { compileProfile } from "./compile-profile.ts";
import { FaultList, type ProfileFault } from "./document-shape.ts";
import { profileDocument, type SrxProfileDocument } from "./profile-document.ts";

export type ProfileReading =
  | { readonly kind: "profile"; readonly profile: SrxProfile }
  | { readonly kind: "refused"; readonly faults: readonly ProfileFault[] };

/** Under which name a profile is chosen, and what people call it. */
export interface ProfileNaming {
  readonly key: string;
  readonly name: string;
}

/** More is no profile: the built-in ones have a tenth of it. */
export const MAX_PROFILE_CHARACTERS = 65_536;
const KEY_CHARACTERS_MAX = 40;

/**
 * Reads a profile that somebody uploaded.
 *
 * Shape:  the encoder, with an id that changes when the document does; or what is wrong with it, at most 20 faults.
 *         What may be left out has its default. `naming` is where it is kept; without it, it can be tried but not chosen.
 * Errors: none thrown, whatever the document. Work is linear in its size.
 * Source: docs/reference/srx-profile.md.
 */
export function readProfile(document: unknown, naming?: ProfileNaming): ProfileReading {
  const faults = new FaultList();
  const read = profileDocument.read(document, "", faults);
  if (read !== undefined) for (const fault of contradictions(read)) faults.add(fault.path, fault.sentence);
  if (read === undefined || !faults.isEmpty) return { kind: "refused", faults: faults.list() };
  const key = naming?.key ?? "custom";
  const profile = compileProfile(read, {
    id: `${key.slice(0, KEY_CHARACTERS_MAX)}@${fingerprint(read, naming?.name ?? "")}`,
    key,
    name: naming?.name ?? "Custom profile",
    defaultSource: DEFAULT_SOURCE,
  });
  return { kind: "profile", profile };
}

/** Reads a profile from JSON text: what a person uploads or types. */
export function readProfileText(text: string, naming?: ProfileNaming): ProfileReading {
  const refused = (sentence: string): ProfileReading => ({
    kind: "refused",
    faults: [{ path: "", sentence }],
  });
  if (text.length > MAX_PROFILE_CHARACTERS)
    return refused(`Is longer than ${MAX_PROFILE_CHARACTERS} characters.`);
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    return refused(`Is not JSON: ${error instanceof Error ? error.message.slice(0, 200) : "unreadable"}.`);
  }
  return readProfile(document, naming);
}

/** The shape was read member by member, so equal documents give equal texts whatever the order they were stored in. */
function fingerprint(document: SrxProfileDocument, name: string): string {
  const text = JSON.stringify(document);
  return [hash32(text), hash32(`${name}\u0000${text}`)]
    .map((part) => part.toString(16).padStart(8, "0"))
    .join("");
}

const PROTOTYPE_NAMES = new Set(["__proto__", "prototype", "constructor"]);
/** Headers that mean something to HTTP itself, or that every answer has. */
const RESERVED_HEADERS = new Set([
  "content-type",
  "content-length",
  "transfer-encoding",
  "connection",
  "cache-control",
  "set-cookie",
  "keep-alive",
  "upgrade",
  "trailer",
  "te",
  "date",
  "www-authenticate",
]);

/** What each member allows and the whole does not. */
function* contradictions(document: SrxProfileDocument): Generator<ProfileFault> {
  const { body, batch } = document;
  const tells = new Set(body.fields.map(({ of }) => of));
  for (const needed of ["ip", "user"] as const) {
    if (!tells.has(needed))
      yield {
        path: "body.fields",
        sentence: `Has no field of \`${needed}\`: a firewall could not use the entries.`,
      };
  }
  if (!tells.has("operation") && !tells.has("online"))
    yield {
      path: "body.fields",
      sentence: "Nothing tells a logoff from a logon: add a field of `operation` or `online`.",
    };
  yield* contradictingFields(document);
  const inBody = batch.cookieOut.includes("body");
  if (body.kind === "xml" && body.listKey === null)
    yield { path: "body.listKey", sentence: "XML needs a root element: name it." };
  if (inBody && body.listKey === null)
    yield {
      path: "batch.cookieOut",
      sentence:
        "A document that is only a list has no place for the cookie: leave `body` out, or name `body.listKey`.",
    };
  if (inBody && body.kind === "json" && batch.cookieBodyKey === body.listKey)
    yield { path: "batch.cookieBodyKey", sentence: "Is also the name of the list." };
  if (new Set(batch.cookieOut).size < batch.cookieOut.length)
    yield { path: "batch.cookieOut", sentence: "Names a place twice." };
  if (batch.cookieOut.includes("header") && RESERVED_HEADERS.has(batch.cookieHeader.toLowerCase()))
    yield { path: "batch.cookieHeader", sentence: "Is a header that means something else." };
  for (const path of ["cookieBodyKey", "cookieHeader", "cookieName"] as const)
    if (PROTOTYPE_NAMES.has(batch[path])) yield { path: `batch.${path}`, sentence: NOT_A_NAME };
}

const NOT_A_NAME = "Is not allowed as a name.";

function* contradictingFields({ body }: SrxProfileDocument): Generator<ProfileFault> {
  const leaves = new Map<string, string>();
  const parents = new Map<string, string>();
  for (const [index, field] of body.fields.entries()) {
    const at = `body.fields[${index}]`;
    if (field.of === "constant" && field.value === "")
      yield { path: `${at}.value`, sentence: "A constant needs a value." };
    if (field.of === "ip" && field.on !== "both")
      yield { path: `${at}.on`, sentence: "The address must stand in every entry." };
    if (field.words !== null && field.of !== "operation")
      yield { path: `${at}.words`, sentence: "Only a field of `operation` has words." };
    const words = field.words ?? body.words;
    if (field.of === "operation" && words.logon === words.logoff)
      yield { path: `${at}.words`, sentence: "Logon and logoff are the same word." };
    for (const [nameIndex, path] of field.as.entries()) {
      const here = `${at}.as[${nameIndex}]`;
      const names = path.split("/");
      if (names.some((name) => PROTOTYPE_NAMES.has(name))) yield { path: here, sentence: NOT_A_NAME };
      if (body.kind === "xml" && names.some((name) => /^xml/i.test(name)))
        yield { path: here, sentence: "XML keeps names that begin with `xml` for itself." };
      const other = leaves.get(path) ?? parents.get(path);
      if (other !== undefined) yield { path: here, sentence: `\`${path}\` stands at ${other} too.` };
      for (let depth = 1; depth < names.length; depth++) {
        const parent = names.slice(0, depth).join("/");
        const taken = leaves.get(parent);
        if (taken !== undefined) yield { path: here, sentence: `\`${parent}\` is a value at ${taken}.` };
        parents.set(parent, here);
      }
      leaves.set(path, here);
    }
  }
}

/** A name that a custom profile may not have, because it is one of the built-in ones. */
export function isBuiltInKey(key: string): boolean {
  return BUILT_IN_PROFILES.some(({ id }) => id === key);
}
