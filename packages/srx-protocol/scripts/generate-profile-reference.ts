import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { previewProfile } from "../src/index.ts";
import type { Shape } from "../src/profiles/document-shape.ts";
import { CANONICAL_FIELDS, type CanonicalField, profileDocument } from "../src/profiles/profile-document.ts";
import { readProfile } from "../src/profiles/read-profile.ts";
import { readable } from "../src/testing/readable.ts";

/**
 * Writes docs/reference/srx-profile.md from the schema that uploaded profiles are read with.
 * `--check` writes nothing and exits 1 where the page is not what the schema says.
 */
const file = path.resolve(import.meta.dirname, "..", "..", "..", "docs", "reference", "srx-profile.md");

const FIELDS: Readonly<Record<CanonicalField, string>> = {
  time: "when the entry changed, as `timeAs` says",
  revision: "a number that grows with every change",
  operation: "the word for logon, logoff or update",
  online: "true or false: whether anybody or any device is there",
  source: "which source named the person",
  ip: "the address; must stand in every entry",
  domain: "DNS name of the domain",
  netbiosDomain: "NetBIOS name of the domain, where a directory gave it",
  user: "the user; empty for a device alone; on a logoff who left, where known",
  upn: "the user principal name, where a directory gave it",
  roles: "the groups",
  device: "the device's name",
  deviceGroups: "the device's groups",
  deviceCategory: "its category",
  deviceVendor: "its vendor",
  deviceModel: "its model",
  deviceOs: "its operating system",
  deviceOsVersion: "its version",
  constant: "a text that is always the same: `value`",
};

const EXAMPLE = {
  version: 1,
  note: "Learnt from a capture of 2026-11-25.",
  paths: { tokenPrefixes: ["oauth_token/oauth"], queryPrefixes: ["user_query/v2"] },
  token: { accept: ["form"], ttlSeconds: 3600, expiresInAs: "string", format: "hex40" },
  batch: {
    beginParams: ["since"],
    countParams: ["max"],
    cookieParams: ["resume"],
    cookieOut: ["body", "header"],
    cookieBodyKey: "next",
    cookieHeader: "X-Resume",
    maxEntries: 500,
    timeUnit: "ms",
  },
  body: {
    kind: "json",
    listKey: "sessions",
    wrapSingle: false,
    words: { logon: "add", logoff: "delete" },
    timeAs: "iso",
    deviceOnly: "omitUser",
    fields: [
      { of: "operation", as: ["op"] },
      { of: "ip", as: ["address"] },
      { of: "user", as: ["identity/user"] },
      { of: "domain", as: ["identity/domain"], on: "logon" },
      { of: "roles", as: ["identity/groups"], on: "logon" },
      { of: "device", as: ["device/name"] },
      { of: "deviceGroups", as: ["device/groups"], separator: ";" },
      { of: "deviceOs", as: ["device/os"] },
      { of: "time", as: ["at"] },
      { of: "constant", as: ["schema"], value: "2" },
    ],
  },
  unknownIp: "notFound404",
  limits: { roles: 100, name: 64, ipv6: true, entries: 50_000 },
};

function sections(shape: Shape<unknown>, title: string): string[] {
  const members = shape.text.members ?? shape.text.item?.text.members ?? [];
  if (members.length === 0) return [];
  const rows = members.map(([name, member]) => {
    const { type, says, fallback } = member.text;
    // An object's default is that of its members; a list's members are described below.
    const isPart = (member.text.members ?? member.text.item?.text.members) !== undefined;
    const kind = isPart && type.startsWith("list") ? type.replace(/: .*/, "") : type;
    const without = isPart
      ? fallback === null
        ? "must be there"
        : "as its parts"
      : fallback === null
        ? "must be there"
        : `\`${fallback}\``;
    const sentence = [says, isPart ? "See below." : ""].filter((part) => part !== "").join(" ");
    return `| \`${name}\` | ${cell(kind)} | ${cell(without)} | ${cell(sentence)} |`;
  });
  const own = [
    `### ${title === "" ? "The document" : `\`${title}\``}`,
    "",
    "| name | value | where left out | meaning |",
    "|---|---|---|---|",
    ...rows,
    "",
  ];
  const below = members.flatMap(([name, member]) =>
    sections(member, title === "" ? name : `${title}.${name}${member.text.item?.text.members ? "[]" : ""}`),
  );
  return [...own, ...below];
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}

function page(): string {
  const reading = readProfile(EXAMPLE, { key: "example", name: "Example" });
  if (reading.kind === "refused")
    throw new Error(`the example is refused: ${JSON.stringify(reading.faults)}`);
  const shown = previewProfile(reading.profile)
    .filter(({ name }) => ["token", "first-batch", "known-address", "unknown-address"].includes(name))
    .map(
      ({ says, request, response }) =>
        `${says}\n\n\`\`\`http\n${readable(request)}\n\`\`\`\n\n\`\`\`http\n${readable(response)}\n\`\`\``,
    )
    .join("\n\n");
  return `<!-- Made by packages/srx-protocol/scripts/generate-profile-reference.ts from the schema. Do not edit. -->

# A profile: how a firewall is answered

A profile is a JSON document. Three come with the product (\`json-superset\`, \`userfw-xml\`, \`insight-v1\`: they are such
documents too, in \`packages/srx-protocol/src/profiles/built-in/\`), others are uploaded in the portal or stand under
\`profiles\` in an agent's file. The portal shows what is wrong with one, and how it would answer, before it is kept.

- A name that nobody knows is a fault, so that a misspelt one is not silently its default.
- At most 65,536 characters; at most 20 faults are told at once.
- It must write the address (in every entry), the user, something that tells a logoff from a logon, and the cookie.
- Names may not be \`__proto__\`, \`prototype\` or \`constructor\`; in XML they may not begin with \`xml\`.
- Texts are escaped by the writer. Control characters and marks of writing direction are taken out, names are cut at
  \`limits.name\` bytes, repeated roles are dropped; each kind of change is counted and said once in the log.
- Its id changes with its content, so that nothing written under another version is given out.
- What a firewall *asks* is read tolerantly whatever its profile says; the profile adds names and may fix the unit of time.

${sections(profileDocument as Shape<unknown>, "").join("\n")}
## What \`of\` may name

| value | is |
|---|---|
${CANONICAL_FIELDS.map((name) => `| \`${name}\` | ${FIELDS[name]} |`).join("\n")}

Values of a device stand only in entries with one. Under several names a value is written several times, at the place of
each name; names with the same beginning share one object or element. A list is written as a list (JSON) or as one
element an item (XML: give the item's element too, \`role-list/role\`).

## An example with everything

\`\`\`json
${JSON.stringify(EXAMPLE, null, 2)}
\`\`\`

It answers like this (bodies are shown in lines; on the wire they are one line):

${shown}
`;
}

const text = page();
const isCheck = process.argv.includes("--check");
const before = contentOf(file);
if (before !== text) {
  if (isCheck)
    console.error(
      "docs/reference/srx-profile.md is not what the schema says: run npm run gen and commit it.",
    );
  else {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
    console.log("wrote docs/reference/srx-profile.md");
  }
}
process.exit(isCheck && before !== text ? 1 : 0);

function contentOf(name: string): string | null {
  try {
    return readFileSync(name, "utf8");
  } catch {
    return null;
  }
}
