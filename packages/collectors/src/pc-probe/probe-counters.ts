import type { NotAsked, ProbeAnswer } from "./probe-answer.ts";

/** What became of one login at one computer. */
export type LoginCount = "answered" | "refused" | "denied" | "withheld" | "unfit" | "failed" | "unreachable";

/** What probes came to, over all and for each login. Names are those of `SourceHealth.counters`. */
export class ProbeCounters {
  readonly #counts = new Map<string, number>();

  asked(): void {
    this.#add("asked");
  }

  answer({ kind }: ProbeAnswer): void {
    this.#add(`answer.${kind}`);
  }

  notAsked(why: NotAsked): void {
    this.#add(`notAsked.${why}`);
  }

  login(credentialId: string, what: LoginCount): void {
    this.#add(`credential.${credentialId}.${what}`);
  }

  count(name: string): void {
    this.#add(name);
  }

  get(name: string): number {
    return this.#counts.get(name) ?? 0;
  }

  all(): Record<string, number> {
    return Object.fromEntries(this.#counts);
  }

  /** A login that is no longer used is no longer counted. */
  keepLogins(credentialIds: readonly string[]): void {
    for (const name of this.#counts.keys()) {
      const id = /^credential\.(.+)\.[a-z]+$/.exec(name)?.[1];
      if (id !== undefined && !credentialIds.includes(id)) this.#counts.delete(name);
    }
  }

  #add(name: string): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
  }
}
