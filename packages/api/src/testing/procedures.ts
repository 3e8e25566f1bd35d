import { appRouter } from "../root.router.ts";
import type { ProcedureMeta } from "../trpc.ts";
import type { Caller } from "./installation.ts";

export interface ListedProcedure extends ProcedureMeta {
  readonly path: string;
  readonly type: "query" | "mutation" | "subscription";
  readonly hasOutput: boolean;
}

/** Every procedure of the router with what stands beside it. */
export function listProcedures(): ListedProcedure[] {
  return Object.entries(appRouter._def.procedures)
    .map(([path, procedure]) => {
      const { meta, type, output } = definitionOf(procedure);
      return { path, type, hasOutput: output, ...meta };
    })
    .sort((a, b) => a.path.localeCompare(b.path));
}

function definitionOf(procedure: unknown): {
  readonly meta: ProcedureMeta;
  readonly type: ListedProcedure["type"];
  readonly output: boolean;
} {
  const definition = propertyOf(procedure, "_def");
  const meta = propertyOf(definition, "meta");
  const type = propertyOf(definition, "type");
  if (type !== "query" && type !== "mutation" && type !== "subscription")
    throw new Error("read a procedure's type");
  if (!isMeta(meta)) throw new Error("a procedure stands without a permission");
  return { meta, type, output: propertyOf(definition, "output") !== undefined };
}

function isMeta(value: unknown): value is ProcedureMeta {
  return (
    typeof propertyOf(value, "permission") === "string" && typeof propertyOf(value, "scope") === "string"
  );
}

function propertyOf(value: unknown, name: string): unknown {
  const isHolder = (typeof value === "object" && value !== null) || typeof value === "function";
  return isHolder ? Reflect.get(value, name) : undefined;
}

/** What came of one call: `ok`, or the code and the whole text that a browser would get. */
export interface CallOutcome {
  readonly code: string;
  readonly text: string;
}

/** Calls a procedure by its path with any input, as a request over HTTP could. Of a subscription the first step is taken. */
export async function callByPath(api: Caller, path: string, input: unknown): Promise<CallOutcome> {
  try {
    let target: unknown = api;
    for (const part of path.split(".")) target = propertyOf(target, part);
    if (typeof target !== "function") throw new Error(`there is no procedure ${path}`);
    const answer: unknown = await target(input);
    if (isAsyncIterable(answer)) for await (const _ of answer) break;
    return { code: "ok", text: "" };
  } catch (error) {
    const code = propertyOf(error, "code");
    if (typeof code !== "string") throw error;
    return { code, text: error instanceof Error ? error.message : "" };
  }
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === "object" && value !== null && Symbol.asyncIterator in value;
}
