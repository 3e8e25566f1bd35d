/** `unknown` is for when our own knowledge is old: it is never green. */
export type LinkState = "ok" | "warn" | "bad" | "busy" | "off" | "never" | "unknown";

/** Milliseconds since 1970-01-01T00:00:00Z. */
export type EpochMs = number;

/** What is the matter, where, since when. The sentence names no time of day: `since` carries it. */
export interface Health {
  readonly state: LinkState;
  readonly sentence: string;
  readonly since: EpochMs | null;
}

const SEVERITY: Readonly<Record<LinkState, number>> = {
  bad: 6,
  unknown: 5,
  warn: 4,
  busy: 3,
  ok: 2,
  off: 1,
  never: 0,
};

/** Greater is worse. What is off or never began is not counted as trouble and comes last. */
export function severityOf(state: LinkState): number {
  return SEVERITY[state];
}

/** The worst of several; of equals the one that lasts longest. Null for none. */
export function worstOf<T extends Health>(parts: readonly T[]): T | null {
  let worst: T | null = null;
  for (const part of parts) if (worst === null || isWorse(part, worst)) worst = part;
  return worst;
}

function isWorse(a: Health, b: Health): boolean {
  const difference = severityOf(a.state) - severityOf(b.state);
  if (difference !== 0) return difference > 0;
  return (a.since ?? Number.POSITIVE_INFINITY) < (b.since ?? Number.POSITIVE_INFINITY);
}

/** "4 s", "3 min", "2 h", "5 d": a length as sentences say it, never negative. */
export function spellLength(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 90) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return `${minutes} min`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} d`;
}

export function plural(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}
