/** What became of one login over all computers that were asked with it. */
export interface LoginCounts {
  readonly answered: number;
  readonly refused: number;
  /** Let in, and then not allowed to look. */
  readonly denied: number;
  /** Everything else: not tried while paused, unfit, failed, not reached. */
  readonly other: number;
}

/** Reads `credential.<id>.<what>` of a probe's counters. */
export function loginCounts(counters: Readonly<Record<string, number>>, credentialId: string): LoginCounts {
  const prefix = `credential.${credentialId}.`;
  const named = new Map(
    Object.entries(counters).flatMap(([name, count]) =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), count] as const] : [],
    ),
  );
  const answered = named.get("answered") ?? 0;
  const refused = named.get("refused") ?? 0;
  const denied = named.get("denied") ?? 0;
  const all = [...named.values()].reduce((sum, count) => sum + count, 0);
  return { answered, refused, denied, other: all - answered - refused - denied };
}
