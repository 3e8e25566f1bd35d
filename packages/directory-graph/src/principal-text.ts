import type { ByteReader } from "@rollcall/identity-core/packed/byte-reader";
import type { ByteWriter } from "@rollcall/identity-core/packed/byte-writer";
import type { PrincipalRecord } from "./records.ts";

/** Stands between texts that are kept as one, and in none of them. */
const BETWEEN = "\u0000";
/** Instead of a field that follows from the others, as most do. */
const DERIVED = "\u0001";

/** The texts of a principal that are its own. */
export type PrincipalTexts = Pick<PrincipalRecord, "name" | "upn" | "displayName" | "dnsHostName"> & {
  /** The first part of its DN: `CN=Ana Lima`. */
  readonly rdn: string;
};

/** Takes out of a text what the packing needs for itself. No directory means anything by those characters. */
export function plain(text: string): string {
  return text.replaceAll(BETWEEN, " ").replaceAll(DERIVED, " ");
}

/**
 * Writes a principal's own texts, its name first, what follows from the name left out.
 * Units: a text of one object costs its characters and a byte.
 */
export function packTexts(texts: PrincipalTexts, domain: string, writer: ByteWriter): void {
  const { name, upn, displayName, dnsHostName, rdn } = texts;
  const fields = [
    name,
    upn === `${name}@${domain}` ? DERIVED : (upn ?? ""),
    displayName ?? "",
    dnsHostName === hostNameOf(name, domain) ? DERIVED : (dnsHostName ?? ""),
    rdn === `CN=${displayName ?? name}` ? DERIVED : rdn,
  ];
  // What is not there at the end is not written.
  while (fields.at(-1) === "") fields.pop();
  for (const field of fields) writer.text(field);
}

export function unpackTexts(reader: ByteReader, domain: string): PrincipalTexts {
  const next = () => (reader.isAtEnd ? "" : reader.text());
  const name = next();
  const upn = next();
  const shown = next();
  const host = next();
  const rdn = next();
  const displayName = shown === "" ? null : shown;
  return {
    name,
    upn: upn === DERIVED ? `${name}@${domain}` : upn === "" ? null : upn,
    displayName,
    dnsHostName: host === DERIVED ? hostNameOf(name, domain) : host === "" ? null : host,
    rdn: rdn === DERIVED ? `CN=${displayName ?? name}` : rdn,
  };
}

/** Where the first part of a DN ends: at the first comma that is not part of a value. */
export function splitDn(dn: string): readonly [rdn: string, parent: string] {
  for (let at = 0; at < dn.length; at += 1) {
    if (dn[at] === "\\") at += 1;
    else if (dn[at] === ",") return [dn.slice(0, at), dn.slice(at)];
  }
  return [dn, ""];
}

function hostNameOf(name: string, domain: string): string {
  return `${name}.${domain}`.toLowerCase();
}
