import type { Observation } from "./observation.ts";

/**
 * Which rows change together: those that observations of one record touched, as the IPv4 and IPv6 addresses of one host
 * that a logon named. A firewall is told of them at once, never of half.
 *
 * Shape:  `rows[i]` is the row of `observations[i]`; only rows that `counts` are given, each once, in the order of their
 *         first observation. A row that two records touched brings the rows of both together.
 */
export function groupsByRecord(
  observations: readonly Observation[],
  rows: readonly number[],
  counts: (row: number) => boolean,
): number[][] {
  const parents = new Map<number, number>();
  const rootOf = (row: number): number => {
    let root = row;
    for (let up = parents.get(root); up !== undefined && up !== root; up = parents.get(root)) root = up;
    parents.set(row, root);
    return root;
  };
  const firstOf = new Map<string, number>();
  for (const [at, observation] of observations.entries()) {
    const row = rows[at];
    if (row === undefined || !counts(row)) continue;
    const first = firstOf.get(observation.recordId);
    if (first === undefined) firstOf.set(observation.recordId, row);
    // The older root stays, so that groups come in the order in which they began.
    else parents.set(rootOf(row), rootOf(first));
    if (!parents.has(row)) parents.set(row, row);
  }
  const groups = new Map<number, number[]>();
  for (const row of parents.keys()) {
    const root = rootOf(row);
    const group = groups.get(root);
    if (group === undefined) groups.set(root, [row]);
    else group.push(row);
  }
  return [...groups.values()];
}
