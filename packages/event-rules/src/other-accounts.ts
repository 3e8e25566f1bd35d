import { type EpochMs, RecentMap } from "@rollcall/identity-core";

const HOLDS_MS = 5 * 60_000;
/** An event may be written a moment before the one it explains. */
const SLACK_MS = 2000;
const MAX_NOTED = 20_000;

/**
 * Accounts whose password somebody typed at a computer to act as them (4648): for five minutes their logons there are not
 * taken for a person at the keyboard.
 * Source: semantics 3, 4648 (documented).
 */
export class OtherAccounts {
  readonly #notedAt = new RecentMap<string, EpochMs>(MAX_NOTED);

  note(computer: string, account: string, at: EpochMs): void {
    this.#notedAt.set(keyOf(computer, account), at);
  }

  has(computer: string, account: string, at: EpochMs): boolean {
    const noted = this.#notedAt.get(keyOf(computer, account));
    return noted !== undefined && at >= noted - SLACK_MS && at <= noted + HOLDS_MS;
  }
}

function keyOf(computer: string, account: string): string {
  return `${computer.toLowerCase()}|${account.toLowerCase()}`;
}
