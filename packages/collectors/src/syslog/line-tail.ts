import { escapeInvisible, type MatchResult } from "@rollcall/syslog-rules";
import { Gate } from "./gate.ts";

export interface TailLine {
  readonly at: number;
  readonly sender: string;
  readonly sourceId: string | null;
  /** Escaped: what cannot be seen stands as \u{…}. */
  readonly line: string;
  readonly matched: boolean;
  readonly reason?: string;
  readonly result?: Record<string, string>;
}

export interface TailOptions {
  /** Of that source only; of all where absent. */
  readonly sourceId?: string | undefined;
  readonly lines: number;
  readonly unmatchedOnly: boolean;
}

const MAX_LINE = 4096;
const KEPT_PER_SOURCE = 200;

interface Held {
  readonly order: number;
  readonly at: number;
  readonly sender: string;
  readonly text: string;
  readonly result: MatchResult;
  readonly note: string | null;
}

/** The last 200 lines of each source with what became of them. Written cheaply, made readable when asked for. */
export class LineTail {
  readonly #held = new Map<string, Held[]>();
  readonly #arrival = new Gate();
  #order = 0;

  /** `note` says what the listener thought of a line that the rules matched: "outside the addresses …". */
  add(sourceId: string, at: number, sender: string, result: MatchResult, note: string | null): void {
    this.#order += 1;
    const held = this.#held.get(sourceId) ?? [];
    held.push({ order: this.#order, at, sender, text: result.text.slice(0, MAX_LINE), result, note });
    // Cut rarely: moving the whole array for each line would cost more than the few lines too many.
    if (held.length >= 2 * KEPT_PER_SOURCE) held.splice(0, held.length - KEPT_PER_SOURCE);
    this.#held.set(sourceId, held);
    this.#arrival.open();
  }

  /** The newest lines, oldest of them first. */
  last({ sourceId, lines, unmatchedOnly }: TailOptions): readonly TailLine[] {
    const chosen: [string, Held][] = [];
    for (const [id, held] of this.#held) {
      if (sourceId !== undefined && id !== sourceId) continue;
      for (const line of held.slice(-KEPT_PER_SOURCE)) {
        if (!unmatchedOnly || line.result.kind !== "matched") chosen.push([id, line]);
      }
    }
    chosen.sort(([, left], [, right]) => left.order - right.order);
    return chosen.slice(-lines).map(([id, held]) => toTailLine(id, held));
  }

  forget(isKept: (sourceId: string) => boolean): void {
    for (const id of this.#held.keys()) if (!isKept(id)) this.#held.delete(id);
  }

  /** Resolves at the next line, or when `signal` aborts. */
  nextLine(signal: AbortSignal): Promise<void> {
    return this.#arrival.wait(signal);
  }
}

function toTailLine(sourceId: string, { at, sender, text, result, note }: Held): TailLine {
  const line = escapeInvisible(text).slice(0, MAX_LINE);
  const base = { at, sender, sourceId, line, matched: result.kind === "matched" };
  switch (result.kind) {
    case "not-matched":
      return { ...base, reason: "no sequence is meant by it" };
    case "refused":
      return { ...base, reason: result.message };
    case "matched":
      return { ...base, ...(note === null ? {} : { reason: note }), result: readable(result) };
  }
}

function readable(result: Extract<MatchResult, { kind: "matched" }>): Record<string, string> {
  const shown: Record<string, string> = { kind: result.verb, sequence: String(result.ordinal) };
  for (const field of ["user", "domain", "upn", "ip", "device", "correlator"] as const) {
    const value = result[field];
    if (value !== null) shown[field] = value;
  }
  if (result.groups.length > 0) shown.groups = result.groups.join(", ");
  return shown;
}
