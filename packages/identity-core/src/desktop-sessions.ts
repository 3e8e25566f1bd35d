import type { EpochMs } from "./observation.ts";
import { RecentMap } from "./recent-map.ts";

/** A session of which nothing was heard for so long is not counted: its end was missed. */
const FORGOTTEN_MS = 24 * 3_600_000;
const PLACES_MAX = 20_000;
/** Of one host; more change nothing that is decided. */
const SESSIONS_MAX = 100;

interface DesktopSession {
  readonly who: string;
  readonly isConnected: boolean;
  readonly at: EpochMs;
}

/**
 * Who is connected to a host by remote desktop at the same time, as its own events say.
 *
 * Holds:    the sessions of each address of a host by their number, connected or left running; bounded, and forgotten after
 *           a day without news.
 * Promises: two sessions of one person are one person; a session that somebody left running counts when they come back.
 *           Of two reports of one session the later counts, however they arrive.
 */
export class DesktopSessions {
  readonly #places = new RecentMap<string, Map<string, DesktopSession>>(PLACES_MAX);

  /** Somebody connected to the session (a logon, a return), or left it running. Gives how many people are connected. */
  note(place: string, session: { readonly id: string } & DesktopSession): number {
    const { id, who, isConnected, at } = session;
    const sessions = this.#places.get(place) ?? new Map<string, DesktopSession>();
    const before = sessions.get(id);
    if (before === undefined || at >= before.at) sessions.set(id, { who, isConnected, at });
    let newest = 0;
    for (const one of sessions.values()) newest = Math.max(newest, one.at);
    for (const [one, { at: heardAt }] of sessions)
      if (newest - heardAt > FORGOTTEN_MS || sessions.size > SESSIONS_MAX) sessions.delete(one);
    this.#places.set(place, sessions);
    return this.people(place).length;
  }

  /** The session ended; null: all of `who` did, or, where nobody is said, all there. */
  ended(place: string, id: string | null, who: string | null): void {
    const sessions = this.#places.get(place);
    if (sessions === undefined) return;
    if (id !== null) sessions.delete(id);
    else for (const [one, session] of sessions) if (who === null || session.who === who) sessions.delete(one);
    if (sessions.size === 0) this.#places.delete(place);
  }

  /** Everybody who is connected there, each once. */
  people(place: string): string[] {
    const sessions = [...(this.#places.get(place)?.values() ?? [])];
    return [...new Set(sessions.filter(({ isConnected }) => isConnected).map(({ who }) => who))];
  }
}
