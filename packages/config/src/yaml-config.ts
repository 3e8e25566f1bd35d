import { readFileSync } from "node:fs";
import {
  type Document,
  isMap,
  isPair,
  isScalar,
  LineCounter,
  type Node,
  type ParsedNode,
  parseDocument,
  stringify,
} from "yaml";
import type { z } from "zod";
import { ConfigError, type ConfigIssue } from "./config-error.ts";
import { explainIssues, formatPath } from "./explain-issues.ts";

/** A configuration file is some pages long; a larger one is a mistake. */
export const MAX_CONFIG_BYTES = 16 * 1024 * 1024;

/**
 * Reads a YAML (or JSON) file and parses it with `schema`.
 *
 * Shape:  the schema's output: defaults filled in.
 * Errors: `ConfigError` with every fault at once, each with its path, its line, what was expected and a remedy. A
 *         file that cannot be read, is too large or is not YAML is one fault of the same kind.
 * Source: YAML 1.2 core schema: `yes` and `no` are texts, not booleans (documented).
 */
export function readYamlConfig<Schema extends z.ZodType>(schema: Schema, file: string): z.output<Schema> {
  return parseYamlConfig(schema, readText(file), file);
}

/** The same for a text already in hand; `origin` names it in faults. */
export function parseYamlConfig<Schema extends z.ZodType>(
  schema: Schema,
  text: string,
  origin: string,
): z.output<Schema> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  if (document.errors.length > 0) {
    throw new ConfigError(
      origin,
      document.errors.map((fault) => ({
        path: "",
        problem: `not valid YAML: ${fault.message}`,
        line: lines.linePos(fault.pos[0]).line,
        remedy: "check the indentation and the quotes around this line",
      })),
    );
  }
  const parsed = schema.safeParse(withoutEmptyKeys(plainValueOf(document, origin)) ?? {}, {
    reportInput: true,
  });
  if (parsed.success) return parsed.data;
  const places = linesOf(document.contents, lines);
  throw new ConfigError(
    origin,
    explainIssues(parsed.error, schema).map((issue) => withLine(issue, places)),
  );
}

/** The document as plain values. Aliases are resolved, but not without end. */
function plainValueOf(document: Document.Parsed, origin: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (cause) {
    const problem = `not valid YAML: ${cause instanceof Error ? cause.message : String(cause)}`;
    throw new ConfigError(
      origin,
      [{ path: "", problem, remedy: "write the values out instead of using aliases" }],
      { cause },
    );
  }
}

/** A key without a value counts as absent: who comments out all that stands below a heading means the defaults. */
function withoutEmptyKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutEmptyKeys);
  if (typeof value !== "object" || value === null) return value;
  const filled = Object.entries(value).filter(([, inner]) => inner !== null);
  return Object.fromEntries(filled.map(([key, inner]) => [key, withoutEmptyKeys(inner)]));
}

function readText(file: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (cause) {
    throw new ConfigError(file, [unreadable(cause)], { cause });
  }
  if (bytes.length > MAX_CONFIG_BYTES) {
    throw new ConfigError(file, [
      { path: "", problem: `has ${bytes.length} bytes; at most ${MAX_CONFIG_BYTES} are read` },
    ]);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new ConfigError(file, [{ path: "", problem: "is not UTF-8 text", remedy: "save it as UTF-8" }], {
      cause,
    });
  }
}

function unreadable(cause: unknown): ConfigIssue {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  if (code === "ENOENT") return { path: "", problem: "there is no such file", remedy: "check the path" };
  if (code === "EACCES")
    return { path: "", problem: "this user may not read it", remedy: "check its owner and mode" };
  if (code === "EISDIR") return { path: "", problem: "is a folder, not a file" };
  return { path: "", problem: cause instanceof Error ? cause.message : String(cause) };
}

/** Line of each node by its formatted path. */
function linesOf(contents: ParsedNode | null, lines: LineCounter): ReadonlyMap<string, number> {
  const places = new Map<string, number>();
  const walk = (node: Node | null, path: readonly PropertyKey[], start: number | undefined): void => {
    const offset = start ?? node?.range?.[0];
    if (offset !== undefined) places.set(formatPath(path), lines.linePos(offset).line);
    if (node === null || isScalar(node)) return;
    if (isMap(node)) {
      for (const pair of node.items) {
        if (!isPair(pair) || !isScalar(pair.key)) continue;
        const key = String(pair.key.value);
        walk(pair.value as Node | null, [...path, key], pair.key.range?.[0]);
      }
    } else if ("items" in node && Array.isArray(node.items)) {
      node.items.forEach((item, index) => {
        walk(item as Node, [...path, index], undefined);
      });
    }
  };
  walk(contents, [], undefined);
  return places;
}

/** The issue's own line, else the line of the nearest key above it (a missing key has none). */
function withLine(issue: ConfigIssue, places: ReadonlyMap<string, number>): ConfigIssue {
  let path = issue.path;
  for (;;) {
    const line = places.get(path);
    if (line !== undefined) return { ...issue, line };
    const cut = Math.max(path.lastIndexOf("."), path.lastIndexOf("["));
    if (path === "") return issue;
    path = cut <= 0 ? "" : path.slice(0, cut);
  }
}

/** A value as YAML, for people to read. */
export function formatYaml(value: unknown): string {
  return stringify(value, { lineWidth: 110 });
}
