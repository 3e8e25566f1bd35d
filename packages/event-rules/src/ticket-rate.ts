import { RecentMap } from "@rollcall/identity-core";
import type { EventRule } from "./event-rule.ts";
import type { WindowsEvent } from "./windows-event.ts";

const SLOT_MS = 60_000;
const MAX_KEYS = 100_000;

/**
 * Lets one event of a thinned rule, account and address through each minute: a logon asks for dozens of tickets at once, and
 * each says the same.
 *
 * Holds:  for each of the last used `MAX_KEYS` the minute of the last event let through. Minutes of the events' own clock,
 *         so that two agents that read one log let the same ones through.
 * Source: windows-events 5, 4769 (documented).
 */
export class TicketRate {
  readonly #minuteOf = new RecentMap<string, number>(MAX_KEYS);

  mayPass(rule: EventRule, event: WindowsEvent): boolean {
    const { account, address, thinned } = rule;
    if (thinned === undefined) return true;
    const who = event.data(account.name)?.toLowerCase();
    if (thinned === "computers" && who?.split("@", 1)[0]?.trim().endsWith("$") !== true) return true;
    const where = address.from === "event" ? event.data(address.field) : "";
    const key = `${rule.id}|${who}|${where}`;
    const minute = Math.floor(event.time / SLOT_MS);
    if (this.#minuteOf.get(key) === minute) return false;
    this.#minuteOf.set(key, minute);
    return true;
  }
}
