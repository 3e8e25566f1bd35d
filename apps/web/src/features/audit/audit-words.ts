import type { FieldChange } from "@rollcall/ui/diff";

type Fields = Readonly<Record<string, unknown>> | null;

/** What changed, field by field, in a stable order; equal fields are left out. Secrets never reach the browser. */
export function fieldChanges(before: Fields, after: Fields): readonly FieldChange[] {
  const names = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])];
  return names
    .map((field) => ({ field, before: textOf(before, field), after: textOf(after, field) }))
    .filter((change) => change.before !== change.after);
}

function textOf(fields: Fields, name: string): string | null {
  if (fields === null || !(name in fields)) return null;
  const value = fields[name];
  if (value === null || value === undefined) return null;
  return typeof value === "string" ? value : JSON.stringify(value, null, 1);
}
