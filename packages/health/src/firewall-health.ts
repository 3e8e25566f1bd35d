import type { FirewallFacts, PushFacts } from "./facts.ts";
import { type EpochMs, type Health, type LinkState, spellLength } from "./state.ts";
import { FIREWALL_QUIET_MS, FIREWALL_SILENT_MS, STALE_MS } from "./thresholds.ts";

const PUSH_STATE: Readonly<Record<PushFacts["state"], LinkState>> = {
  ok: "ok",
  resyncing: "busy",
  waiting: "warn",
  refused: "bad",
  broken: "bad",
};
const WORST_FIRST: readonly PushFacts["state"][] = ["broken", "refused", "waiting", "resyncing", "ok"];

/** A firewall that is pushed to does not ask: what counts is whether its Web API takes the posts. */
function pushHealth(name: string, reports: readonly PushFacts[], now: EpochMs): Health {
  if (reports.length === 0)
    return { state: "never", sentence: `Nobody has posted to ${name} yet.`, since: null };
  // One of a pair that is silent says nothing of the other, which goes on posting.
  const heard = reports.filter(({ heardAt }) => heardAt === null || now - heardAt < STALE_MS);
  const [worst] = heard.toSorted((a, b) => WORST_FIRST.indexOf(a.state) - WORST_FIRST.indexOf(b.state));
  if (worst === undefined)
    return {
      state: "unknown",
      sentence: `Whether ${name} is posted to is not known: the agent that posts is silent.`,
      since: Math.max(...reports.map(({ heardAt }) => heardAt ?? 0)),
    };
  const since = worst.state === "ok" ? null : worst.lastOkAt;
  return { state: PUSH_STATE[worst.state], sentence: endSentence(worst.sentence), since };
}

/** One firewall: whether it asks, told from every place that answers it. */
export function firewallHealth(firewall: FirewallFacts, now: EpochMs): Health {
  const { name, contacts } = firewall;
  if (!firewall.isEnabled)
    return { state: "off", sentence: `${name} is paused: it is not answered.`, since: null };
  if (firewall.push !== null) return pushHealth(name, firewall.push, now);
  const askedAt = lastAsked(firewall);
  if (askedAt === null) {
    const refusal = contacts.find((contact) => contact.refused > 0 && contact.lastRefusal !== null);
    if (refusal?.lastRefusal)
      return {
        state: "bad",
        sentence: `${name} asks and is refused: ${endSentence(refusal.lastRefusal)}`,
        since: null,
      };
    return {
      state: "never",
      sentence: `${name} has not asked yet. Paste its Junos lines and commit.`,
      since: null,
    };
  }
  const silence = now - askedAt;
  if (silence < FIREWALL_QUIET_MS) {
    const old = oldTls(firewall);
    const sentence = `${name} asked ${spellLength(silence)} ago.`;
    return old === null
      ? { state: "ok", sentence, since: null }
      : {
          state: "warn",
          sentence: `${sentence} It still speaks ${old}, which anybody on the way may read along: update it.`,
          since: null,
        };
  }
  if (contacts.some((contact) => contact.heardAt !== null && now - contact.heardAt >= STALE_MS))
    return {
      state: "unknown",
      sentence: `${name} asked ${spellLength(silence)} ago as far as we know: an agent that answers it is silent.`,
      since: askedAt,
    };
  const sentence = `${name} has not asked for ${spellLength(silence)}. Look at "show services user-identification identity-management status" there.`;
  return { state: silence < FIREWALL_SILENT_MS ? "warn" : "bad", sentence, since: askedAt };
}

/** When the firewall last asked anything of anybody; null where it never did. */
export function lastAsked(firewall: FirewallFacts): EpochMs | null {
  const times = firewall.contacts
    .flatMap((contact) => [contact.lastTokenAt, contact.lastBatchAt, contact.lastIpQueryAt])
    .filter((at) => at !== null);
  return times.length === 0 ? null : Math.max(...times);
}

/** TLS 1.0 or 1.1 where the firewall last spoke that, to anybody; else null. */
function oldTls(firewall: FirewallFacts): string | null {
  const versions = firewall.contacts.map(({ tls }) => tls?.split(" ", 1)[0]);
  if (versions.includes("TLSv1")) return "TLS 1.0";
  return versions.includes("TLSv1.1") ? "TLS 1.1" : null;
}

function endSentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
