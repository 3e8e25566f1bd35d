import { ALARM_MS } from "@rollcall/health";

/** An agent that could post, as the database has it. */
export interface PosterCandidate {
  readonly id: string;
  /** Epoch ms; null: it has not said a word yet. */
  readonly lastSeenAt: number | null;
  /** Epoch ms. */
  readonly enrolledAt: number;
}

/**
 * Chooses the one agent that posts to a firewall; null: none can.
 *
 * Shape:  `able` are the agents that hold what it takes. Who was chosen stays while it is able and heard of: another one
 *         costs a round. Then the one enrolled first among those heard of within two minutes. Where nobody is heard of,
 *         nothing changes: whoever posts may well go on, and only we cannot hear it.
 *         `mayBeGone` false: it was we who were away, so silence says nothing of who was chosen.
 */
export function choosePoster(
  chosen: string | null,
  able: readonly PosterCandidate[],
  { now, mayBeGone }: { readonly now: number; readonly mayBeGone: boolean },
): string | null {
  const current = able.find(({ id }) => id === chosen);
  const heard = able.filter(({ lastSeenAt }) => lastSeenAt !== null && now - lastSeenAt < ALARM_MS);
  if (current !== undefined && (!mayBeGone || heard.includes(current))) return current.id;
  const [first] = heard.toSorted((a, b) => a.enrolledAt - b.enrolledAt || (a.id < b.id ? -1 : 1));
  return first?.id ?? current?.id ?? null;
}
