import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import {
  type AddressFrom,
  type Effect,
  EVENT_RULES,
  type EventRule,
  type EventSourceKind,
  fieldsOf,
  IGNORED_REASONS,
  NEVER_EVENTS,
} from "../src/index.ts";

/**
 * Writes docs/reference/event-rules.md from the rules that agents obey.
 * `--check` writes nothing and exits 1 where the page is not what the rules say.
 */
const NAME = "docs/reference/event-rules.md";
const file = path.resolve(import.meta.dirname, "..", "..", "..", NAME);

const SOURCES: Readonly<Record<EventSourceKind, string>> = {
  "domain-controller": "domain controller",
  exchange: "Exchange",
  "event-collector": "collector",
  wef: "forwarding",
};

function makes(effect: Effect | null): string {
  if (effect === null) return "–";
  return effect.verb === "end" ? "end" : `${effect.verb}, class ${effect.class}`;
}

function placed(address: AddressFrom): string {
  switch (address.from) {
    case "event":
      return `\`${address.field}\``;
    case "writer":
      return "the computer that wrote it";
    case "workstation":
      return `the one address of \`${address.field}\``;
  }
}

function conditionsOf(rule: EventRule): string {
  return [
    rule.logonTypes === undefined ? "" : `\`LogonType\` ${rule.logonTypes.join(", ")}`,
    rule.writtenBy === "controller" ? "written by a domain controller" : "",
    rule.writtenBy === "workstation" ? "not written by a domain controller" : "",
    rule.status === undefined ? "" : `\`${rule.status}\` 0x0`,
    rule.preAuthentication === undefined ? "" : `\`${rule.preAuthentication}\` not 0`,
    rule.delegation === undefined ? "" : `\`${rule.delegation}\` empty`,
    rule.service?.of === "controller" ? `\`${rule.service.field}\` is a domain controller` : "",
    rule.share === undefined ? "" : `\`${rule.share}\` SYSVOL, NETLOGON or named by the source`,
    rule.thinned === "everybody" ? "once a minute of each account at each address" : "",
    rule.thinned === "computers" ? "once a minute of each computer at each address" : "",
    rule.isWeakerWithDevice === true ? "class D refresh where a domain computer is known" : "",
  ]
    .filter((part) => part !== "")
    .join("; ");
}

const rows = EVENT_RULES.map((rule) =>
  [
    `\`${rule.id}\``,
    rule.sentence,
    rule.sources.map((kind) => SOURCES[kind]).join(", "),
    conditionsOf(rule),
    makes(rule.user),
    makes(rule.device),
    placed(rule.address),
    rule.isOnByDefault ? "on" : "off",
  ].join(" | "),
);

const page = `<!-- Made by packages/event-rules/scripts/generate-rules-reference.ts from the rules. Do not edit. -->

# Event rules: what a Windows event says of who is where

An event source obeys these rules. Each can be switched off (\`rulesOff\`) or, where it is off unless asked for, on
(\`rulesOn\`), for each source by itself; \`settings.eventRulesOff\` switches off for all sources of a customer, whatever they say. The query that the server filters with follows the switches. A rule's id stands in
*explain* beside what it made, and in the counters of its source.

Only the Security log's own provider (\`Microsoft-Windows-Security-Auditing\`) is believed. Fields are read by name, for
versions of an event append fields. Classes are those of the [session law](../protocol/session-law.md): A boundary, B
ticket, C usage, D refreshes and never opens. A *collector* is a server whose log other computers forward to; *forwarding* is
the agent itself as one, where a computer is believed about itself only, and its connection says its address.

| rule | says | sources | if | a person | a computer | placed at | as shipped |
|---|---|---|---|---|---|---|---|
${rows.map((row) => `| ${row} |`).join("\n")}

The fields that each rule reads:

| rule | event | fields |
|---|---|---|
${EVENT_RULES.map(
  (rule) =>
    `| \`${rule.id}\` | ${rule.eventId} | ${fieldsOf(rule)
      .map((field) => `\`${field}\``)
      .join(", ")} |`,
).join("\n")}

## Events that never become a session

They cannot be switched on.

| id | says |
|---|---|
${NEVER_EVENTS.map(({ id, sentence }) => `| \`${id}\` | ${sentence} |`).join("\n")}

## Why an event yields nothing

Every event that yields nothing is counted under one of these, as \`ignored.<reason>\` of its source; logons of other
types as \`logon-type-<n>\`.

| reason | means |
|---|---|
${Object.entries(IGNORED_REASONS)
  .map(([reason, sentence]) => `| \`${reason}\` | ${sentence} |`)
  .join("\n")}
`;

const isCheck = process.argv.includes("--check");
const isSame = contentOf(file) === page;
if (!isSame && isCheck) console.error(`${NAME} is not what the rules say: run npm run gen and commit it.`);
if (!isSame && !isCheck) {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, page);
  console.log(`wrote ${NAME}`);
}
process.exit(isCheck && !isSame ? 1 : 0);

function contentOf(name: string): string | null {
  try {
    return readFileSync(name, "utf8");
  } catch {
    return null;
  }
}
