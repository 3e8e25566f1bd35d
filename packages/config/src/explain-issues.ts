import { z } from "zod";
import { type ConfigIssue, formatIssue } from "./config-error.ts";
import { nearest } from "./nearest.ts";

type Path = readonly PropertyKey[];

/**
 * Explains every fault of a value that does not fit its schema.
 *
 * Shape:  one `ConfigIssue` a fault, in the order of the schema; an unknown key is one fault a key and names the
 *         key that was probably meant. With `schema` the known keys and the meaning of a field are looked up there.
 * Errors: none.
 */
export function explainIssues(error: z.ZodError, schema?: z.ZodType): ConfigIssue[] {
  const described = schema === undefined ? null : describe(schema);
  return error.issues.flatMap((issue) => explain(issue, [], described));
}

/** The same as sentences, path first: for a log, a form or a refusal that travels. */
export function formatIssues(error: z.ZodError, schema?: z.ZodType): string[] {
  return explainIssues(error, schema).map(formatIssue);
}

/** `a.b[0].c`; a key that is no plain word is quoted. */
export function formatPath(path: Path): string {
  let text = "";
  for (const part of path) {
    if (typeof part === "number") text += `[${part}]`;
    else if (typeof part === "string" && /^[A-Za-z_][A-Za-z0-9_-]*$/.test(part))
      text += text === "" ? part : `.${part}`;
    else text += `[${JSON.stringify(String(part))}]`;
  }
  return text;
}

function explain(issue: z.core.$ZodIssue, base: Path, root: JsonSchema | null): ConfigIssue[] {
  const at = [...base, ...issue.path];
  const meaning = root === null ? undefined : nodesAt(root, at).find((node) => node.description)?.description;
  const withMeaning = (problem: string): ConfigIssue[] => [
    { path: formatPath(at), problem, ...(meaning === undefined ? {} : { remedy: `it means: ${meaning}` }) },
  ];
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.map((key) => unknownKey(key, at, root));
    case "invalid_type":
      return withMeaning(
        issue.input === undefined
          ? `is missing; expected ${typeName(issue.expected)}`
          : `expected ${typeName(issue.expected)}, got ${show(issue.input)}`,
      );
    case "invalid_value":
      return withMeaning(
        `expected ${issue.values.length === 1 ? "" : "one of "}${issue.values.map((v) => JSON.stringify(v)).join(", ")}, got ${show(issue.input)}`,
      );
    case "invalid_union":
      return (
        explainUnion(issue, at, root) ?? withMeaning(`${lowerFirst(issue.message)}, got ${show(issue.input)}`)
      );
    case "too_small":
    case "too_big":
    case "invalid_format":
    case "not_multiple_of":
    case "invalid_key":
    case "invalid_element":
    case "custom":
      return withMeaning(lowerFirst(issue.message));
  }
}

/** Of the alternatives of a union, explains the one that came nearest: the fewest faults, the deepest of them. */
function explainUnion(
  issue: z.core.$ZodIssueInvalidUnion,
  at: Path,
  root: JsonSchema | null,
): ConfigIssue[] | null {
  const alternatives = issue.errors.filter((faults) => faults.length > 0);
  const best = alternatives.toSorted((a, b) => a.length - b.length || depth(b) - depth(a))[0];
  return best === undefined ? null : best.flatMap((fault) => explain(fault, at, root));
}

function depth(faults: readonly z.core.$ZodIssue[]): number {
  return Math.max(0, ...faults.map((fault) => fault.path.length));
}

function unknownKey(key: string, at: Path, root: JsonSchema | null): ConfigIssue {
  const known =
    root === null
      ? []
      : [...new Set(nodesAt(root, at).flatMap((node) => Object.keys(node.properties ?? {})))];
  const meant = nearest(key, known);
  const remedy =
    meant !== null
      ? `did you mean "${meant}"?`
      : known.length === 0
        ? "remove it"
        : `known here: ${known.join(", ")}`;
  return { path: formatPath([...at, key]), problem: "is not a known key", remedy };
}

interface JsonSchema {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly items?: JsonSchema | boolean;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
}

function describe(schema: z.ZodType): JsonSchema | null {
  try {
    return z.toJSONSchema(schema, { io: "input", unrepresentable: "any", reused: "inline" }) as JsonSchema;
  } catch {
    // A schema that has no JSON form is still explained, only without its key names.
    return null;
  }
}

/** Every schema that could apply at `path`; more than one where a union stands on the way. */
function nodesAt(root: JsonSchema, path: Path): JsonSchema[] {
  let nodes = alternativesOf(root);
  for (const part of path) {
    nodes = nodes.flatMap((node) => {
      const next =
        typeof part === "number"
          ? node.items
          : (node.properties?.[String(part)] ?? node.additionalProperties);
      return next === undefined || typeof next === "boolean" ? [] : alternativesOf(next);
    });
  }
  return nodes;
}

function alternativesOf(node: JsonSchema): JsonSchema[] {
  const nested = [...(node.anyOf ?? []), ...(node.oneOf ?? []), ...(node.allOf ?? [])];
  return [node, ...nested.flatMap(alternativesOf)];
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "a group of keys",
  null: "nothing",
};

function typeName(expected: string): string {
  return TYPE_NAMES[expected] ?? expected;
}

/** Shows a value without its content where that could be long or secret. */
function show(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "an empty value";
  if (typeof value === "string") return value === "" ? "an empty text" : "a text that does not fit";
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return Array.isArray(value) ? "a list" : "a group of keys";
}

function lowerFirst(message: string): string {
  return message
    .replace(/^(Invalid input: |Invalid )/, (lead) => lead.toLowerCase())
    .replace(/^Too /, "too ");
}
