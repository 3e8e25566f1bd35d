export interface Merged<V> {
  readonly values: V;
  /** Fields that both have changed, each otherwise. */
  readonly both: readonly (keyof V & string)[];
}

/**
 * What stands in a form once the saved state was loaded again: what was typed, and in every other field what is saved now.
 *
 * `base`: what the form began with. Values are compared by what they hold.
 */
export function mergeTyped<V extends object>(base: V, saved: V, typed: V): Merged<V> {
  const values = { ...saved };
  const both: (keyof V & string)[] = [];
  for (const name in saved) {
    if (isSame(typed[name], base[name])) continue;
    values[name] = typed[name];
    if (!isSame(saved[name], base[name]) && !isSame(saved[name], typed[name])) both.push(name);
  }
  return { values, both };
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
