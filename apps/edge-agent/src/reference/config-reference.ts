import { formatYaml } from "@rollcall/config";
import { z } from "zod";
import { exitCodeHelp } from "../cli/exit-codes.ts";
import { DEFAULTS, localFile, SETTING_SOURCES } from "../config.ts";

interface Node {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Node>>;
  readonly required?: readonly string[];
  readonly items?: Node;
  readonly anyOf?: readonly Node[];
  readonly oneOf?: readonly Node[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
}

/** What the sample says where the schema has no default. By path; `[]` stands for the entries of a list. */
const EXAMPLES: Readonly<Record<string, unknown>> = {
  "addressSpaces[].id": "main",
  "addressSpaces[].name": "Main",
  "directories[].id": "corp",
  "directories[].name": "corp.example",
  "directories[].host": "dc1.corp.example",
  "directories[].bindUser": "rollcall@corp.example",
  "directories[].bindPassword": { file: "/etc/rollcall/corp.password" },
  "credentials[].id": "reader",
  "credentials[].name": "Event log reader",
  "credentials[].user": "svc-reader@corp.example",
  "credentials[].password": { file: "/etc/rollcall/reader.password" },
  "eventSources[].id": "dc1",
  "eventSources[].name": "DC 1",
  "eventSources[].kind": "domain-controller",
  "eventSources[].host": "dc1.corp.example",
  "eventSources[].addressSpaceId": "main",
  "eventSources[].credentialId": "reader",
  "syslogSources[].id": "vpn",
  "syslogSources[].name": "VPN gateway",
  "syslogSources[].senders": ["192.0.2.10"],
  "syslogSources[].addressSpaceId": "main",
  "syslogSources[].speaksFor": ["10.20.0.0/16"],
  "syslogSources[].sequences[].id": "logon",
  "syslogSources[].sequences[].ordinal": 1,
  "syslogSources[].sequences[].kind": "begin",
  "syslogSources[].sequences[].trigger": "session started",
  "syslogSources[].sequences[].patterns": [
    { attribute: "user", pattern: "user=(\\S+)" },
    { attribute: "ip", pattern: "ip=(\\S+)" },
  ],
  "filters[].id": "printers",
  "filters[].kind": "ip-exclude",
  "filters[].range": "10.20.99.0/24",
  "enforcementPoints[].id": "hq",
  "enforcementPoints[].name": "HQ firewall",
  "enforcementPoints[].clientId": "hq-fw1",
  "enforcementPoints[].verifiers": [],
  "enforcementPoints[].addressSpaceIds": ["main"],
};
/** Optional values that a site usually sets: the sample shows them in force, not as a comment. */
const SHOWN = new Set(["syslogSources[].speaksFor", "directories[].bindUser", "directories[].bindPassword"]);

const schema = (): Node =>
  z.toJSONSchema(localFile, { io: "input", unrepresentable: "any", reused: "inline" }) as Node;

/** The page docs/reference/agent-config.md. */
export function configReference(): string {
  const settings = Object.entries(SETTING_SOURCES).map(([name, source]) => {
    const fallback = name in DEFAULTS ? `\`${DEFAULTS[name as keyof typeof DEFAULTS]}\`` : "";
    const key = name === "configFile" ? "" : `\`agent.${name}\``;
    return `| \`${source.flag}\` | \`${source.environment}\` | ${key} | ${fallback} |`;
  });
  return `<!-- Made by apps/edge-agent/scripts/generate-config-reference.ts from the schema. Do not edit. -->

# Configuration of the agent

An enrolled agent needs no file: the portal tells it what to do. With \`rollcall-agent run --config FILE\` it runs by
itself from one YAML file; the portal's lists, once it fills them, come before the file's.
\`rollcall-agent config validate --config FILE\` tells every fault at once. An unknown key is a fault.
An annotated sample: [agent-config.sample.yaml](agent-config.sample.yaml).

## How the process runs

A flag comes before the environment, which comes before the file.

| flag | environment | in the file | default |
|---|---|---|---|
${settings.join("\n")}

The state folder is \`/var/lib/rollcall-agent\` for root, \`~/.local/state/rollcall-agent\` otherwise and
\`%ProgramData%\\Rollcall\\agent\` on Windows. The listeners' defaults are reached from this machine only, for trying
out: a site uses \`--firewall-listen 0.0.0.0:443 --syslog-listen 0.0.0.0:514\`. \`off\` switches a listener off.

\`\`\`text
${exitCodeHelp()}
\`\`\`

## The file

${sections(schema(), "", "").join("\n\n")}
`;
}

/** The page docs/reference/agent-config.sample.yaml. */
export function configSample(): string {
  return `# Made by apps/edge-agent/scripts/generate-config-reference.ts from the schema. Do not edit: copy it.
#
# A site by itself: rollcall-agent run --config FILE
# Lines that are commented out show the default; the rest is an example. Check yours with:
# rollcall-agent config validate --config FILE

${sampleOf(schema(), "", 0).join("\n")}
`;
}

function sections(node: Node, path: string, title: string): string[] {
  const shapes = alternatives(node).filter((shape) => shape.properties !== undefined);
  const made: string[] = [];
  for (const shape of shapes) {
    const named = shapes.length > 1 ? `${title} (${nameOf(shape)})` : title;
    const rows = Object.entries(shape.properties ?? {}).map(([name, child]) =>
      row(name, child, shape.required?.includes(name) ?? false),
    );
    const heading = named === "" ? [] : [`### ${named}`, ""];
    made.push([...heading, "| key | value | default | meaning |", "|---|---|---|---|", ...rows].join("\n"));
    for (const [name, child] of Object.entries(shape.properties ?? {})) {
      const inner = child.items ?? child;
      const at = `${path}${path === "" ? "" : "."}${name}${child.items === undefined ? "" : "[]"}`;
      made.push(...sections(inner, at, `\`${at}\``));
    }
  }
  return made;
}

function row(name: string, node: Node, isRequired: boolean): string {
  const fallback = isRequired
    ? "**required**"
    : node.default === undefined
      ? ""
      : `\`${JSON.stringify(node.default)}\``;
  return `| \`${name}\` | ${valueText(node)} | ${fallback} | ${(node.description ?? node.items?.description ?? "").replaceAll("|", "\\|")} |`;
}

function valueText(node: Node): string {
  if (node.const !== undefined) return `\`${String(node.const)}\``;
  if (node.enum !== undefined) return node.enum.map((word) => `\`${String(word)}\``).join(", ");
  const shapes = alternatives(node);
  if (shapes.length > 1)
    return shapes
      .map((shape) => valueText(shape))
      .filter((text, n, all) => all.indexOf(text) === n)
      .join(" or ");
  switch (node.type) {
    case "array":
      return `list${range(node.minItems, node.maxItems, "")} of ${plural(valueText(node.items ?? {}))}`;
    case "object":
      return "group of keys";
    case "integer":
    case "number":
      return `whole number${range(node.minimum, node.maximum, "")}`;
    case "boolean":
      return "`true`, `false`";
    case "null":
      return "`null`";
    default:
      return `text${node.maxLength === undefined ? "" : `, up to ${node.maxLength} characters`}`;
  }
}

function plural(text: string): string {
  return text
    .replaceAll("group of keys", "groups of keys")
    .replace(/^text/, "texts")
    .replaceAll("groups of keys or groups of keys", "groups of keys");
}

function range(from: number | undefined, to: number | undefined, unit: string): string {
  const upper = to === undefined || to >= Number.MAX_SAFE_INTEGER ? null : to;
  if (from !== undefined && upper !== null) return `, ${from} to ${upper}${unit}`;
  if (upper !== null) return `, up to ${upper}${unit}`;
  return from !== undefined && from > 0 ? `, at least ${from}${unit}` : "";
}

function alternatives(node: Node): readonly Node[] {
  return node.anyOf ?? node.oneOf ?? [node];
}

function nameOf(shape: Node): string {
  const kind = shape.properties?.kind?.const;
  return kind === undefined ? Object.keys(shape.properties ?? {}).join(", ") : `kind \`${String(kind)}\``;
}

function sampleOf(node: Node, path: string, depth: number): string[] {
  const lines: string[] = [];
  for (const [name, child] of Object.entries(node.properties ?? {})) {
    if (name === "site" && path === "") continue;
    lines.push(
      ...sampleKey(name, child, {
        path: path === "" ? name : `${path}.${name}`,
        depth,
        isRequired: node.required?.includes(name) ?? false,
      }),
    );
    if (path === "") lines.push("");
  }
  return lines;
}

function sampleKey(
  name: string,
  node: Node,
  at: { readonly path: string; readonly depth: number; readonly isRequired: boolean },
): string[] {
  const { path, depth } = at;
  const indent = "  ".repeat(depth);
  const lines = [`${indent}# ${noteOf(node)}`];
  const example = EXAMPLES[path];
  if (example !== undefined && (at.isRequired || SHOWN.has(path)))
    return [...lines, ...yamlLines({ [name]: example }, indent)];
  const item = node.items === undefined ? undefined : shapeFor(node.items, `${path}[]`);
  if (item?.properties !== undefined && hasExample(`${path}[]`))
    return [...lines, `${indent}${name}:`, ...listItem(sampleOf(item, `${path}[]`, depth + 2), depth)];
  // Optional as a whole: what it holds is in the reference, and only its absence is a default.
  if (node.properties !== undefined && !at.isRequired && node.default === undefined && !hasExample(path))
    return [...lines, `${indent}# ${name}: ""`];
  if (node.properties !== undefined)
    return [...lines, `${indent}${name}:`, ...sampleOf(node, path, depth + 1)];
  return [
    ...lines,
    ...yamlLines({ [name]: node.default === undefined ? fallbackOf(path) : node.default }, `${indent}# `),
  ];
}

/** Of several shapes of a list's entry, the one that the example has. */
function shapeFor(node: Node, path: string): Node {
  const shapes = alternatives(node);
  return (
    shapes.find(
      (shape) =>
        shape.properties?.kind?.const === EXAMPLES[`${path}.kind`] && EXAMPLES[`${path}.kind`] !== undefined,
    ) ??
    shapes[0] ??
    node
  );
}

function hasExample(path: string): boolean {
  return Object.keys(EXAMPLES).some((key) => key.startsWith(`${path}.`));
}

/** Makes the lines of a group of keys the entry of a list: the first key gets the dash. */
function listItem(lines: readonly string[], depth: number): string[] {
  const first = lines.findIndex((line) => !line.trimStart().startsWith("#"));
  const dash = "  ".repeat(depth + 1);
  return lines.map((line, n) => (n === first ? `${dash}- ${line.trimStart()}` : line));
}

/** What an optional value without a default is when nobody sets it, where that is worth showing. */
function fallbackOf(path: string): unknown {
  const [, name] = /^agent\.(.+)$/.exec(path) ?? [];
  if (name === "stateDir") return "/var/lib/rollcall-agent";
  return name !== undefined && name in DEFAULTS ? DEFAULTS[name as keyof typeof DEFAULTS] : "";
}

function noteOf(node: Node): string {
  const meaning = node.description ?? node.items?.description ?? "";
  const limits = node.properties === undefined ? `(${valueText(node).replaceAll("`", "")})` : "";
  return [meaning, limits].filter((part) => part !== "").join(" ");
}

function yamlLines(value: unknown, prefix: string): string[] {
  return formatYaml(value)
    .trimEnd()
    .split("\n")
    .map((line) => `${prefix}${line}`);
}
