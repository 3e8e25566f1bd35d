import type { EpochMs } from "@rollcall/identity-core";
import type { RedactedRequest } from "@rollcall/srx-protocol";

/** A request that no rule knows, without its secrets: the raw material of a better profile. */
export interface UnknownShape {
  readonly at: EpochMs;
  readonly tenantId: string;
  readonly pointId: string;
  readonly reason: string;
  readonly request: RedactedRequest;
}

const KEPT_MAX = 50;

/** Keeps the newest 50 requests of unknown shape and counts them all. Oldest are dropped first. */
export class UnknownShapes {
  readonly #kept: UnknownShape[] = [];
  #count = 0;

  add(shape: UnknownShape): void {
    this.#count += 1;
    this.#kept.push(shape);
    if (this.#kept.length > KEPT_MAX) this.#kept.shift();
  }

  get count(): number {
    return this.#count;
  }

  /** Newest first. */
  list(): readonly UnknownShape[] {
    return this.#kept.toReversed();
  }
}
