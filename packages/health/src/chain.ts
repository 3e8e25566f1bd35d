import { agentHealth, isConnected } from "./agent-health.ts";
import type { ChainFacts, OnboardingFacts } from "./facts.ts";
import { firewallHealth } from "./firewall-health.ts";
import { sourceHealth } from "./source-health.ts";
import { type EpochMs, type Health, plural, severityOf, spellLength, worstOf } from "./state.ts";
import { NOBODY_MS, STALE_MS } from "./thresholds.ts";

export type LinkName = "directory" | "sources" | "agent" | "firewall" | "people";

export interface ChainLink extends Health {
  readonly link: LinkName;
  /** The short form: "2 of 2 answering", "236 known". */
  readonly headline: string;
}

/** Directory -> Sources -> Agent -> Firewall -> People. The whole is as good as its worst link. */
export interface Chain extends Health {
  readonly links: readonly [ChainLink, ChainLink, ChainLink, ChainLink, ChainLink];
}

/**
 * Tells one customer's chain.
 *
 * Shape:  always five links in that order; the whole takes state, sentence and since of the worst link. Links that are
 *         off or never began do not count, unless no other link does.
 * Units:  `facts.now` and all times are epoch ms by our clock.
 */
export function chainOf(facts: ChainFacts): Chain {
  const { now } = facts;
  const active = facts.agents.filter((agent) => agent.state !== "revoked");
  const links: Chain["links"] = [
    grouped("directory", facts.directories, (source) => sourceHealth(source, now), {
      none: "No directory yet. Add one: names and groups come from it.",
      fine: "answering",
    }),
    grouped("sources", facts.sources, (source) => sourceHealth(source, now), {
      none: "No source of logons yet. Add a syslog source.",
      fine: "answering",
    }),
    active.length === 0
      ? withoutAgent(facts.onboarding, now)
      : grouped("agent", active, (agent) => agentHealth(agent, now), {
          none: "",
          fine: "connected",
          // An agent that has something to complain of is connected all the same.
          isFine: (agent) => isConnected(agent, now),
        }),
    grouped("firewall", facts.firewalls, (firewall) => firewallHealth(firewall, now), {
      none: "No firewall yet. Add an enforcement point and paste its Junos lines.",
      fine: "asking",
    }),
    peopleLink(facts),
  ];
  return { ...rollUp(links), links };
}

interface Words<T> {
  readonly none: string;
  readonly fine: string;
  /** What is counted in the headline, where that is not all that is well. */
  readonly isFine?: (thing: T) => boolean;
}

function grouped<T>(
  link: LinkName,
  things: readonly T[],
  healthOf: (thing: T) => Health,
  words: Words<T>,
): ChainLink {
  const parts = things.map(healthOf);
  const worst = worstOf(parts);
  if (worst === null) return { link, state: "never", sentence: words.none, since: null, headline: "none" };
  const { isFine } = words;
  const fine = isFine ? things.filter(isFine).length : parts.filter((part) => part.state === "ok").length;
  const counted = parts.filter((part) => part.state !== "off").length;
  const headline = counted === 0 ? "paused" : `${fine} of ${counted} ${words.fine}`;
  const others = parts.filter(
    (part) => part !== worst && severityOf(part.state) >= severityOf("warn"),
  ).length;
  const sentence = others > 0 ? `${worst.sentence} And ${plural(others, "more", "more")}.` : worst.sentence;
  return { link, state: worst.state, sentence, since: worst.since, headline };
}

function withoutAgent(onboarding: OnboardingFacts | null, now: EpochMs): ChainLink {
  const none = { link: "agent", headline: "none" } as const;
  if (onboarding === null)
    return {
      ...none,
      state: "never",
      since: null,
      sentence: "No agent yet. Make an onboarding file for the site.",
    };
  const { agentName, fileReadAt, createdAt, lastRefusal } = onboarding;
  if (lastRefusal !== null)
    return {
      ...none,
      state: "bad",
      since: fileReadAt,
      sentence: `${agentName} was not enrolled: ${lastRefusal}`,
    };
  if (fileReadAt !== null)
    return {
      ...none,
      state: "busy",
      since: fileReadAt,
      sentence: `${agentName} has read its onboarding file ${spellLength(now - fileReadAt)} ago and is not connected yet.`,
    };
  return {
    ...none,
    state: "never",
    since: createdAt,
    sentence: `The onboarding file of ${agentName} was made ${spellLength(now - createdAt)} ago and not read yet.`,
  };
}

function peopleLink({ now, people, agents }: ChainFacts): ChainLink {
  const { live, lastObservedAt } = people;
  const headline = live === 0 ? "nobody" : `${live} known`;
  const link = { link: "people", headline } as const;
  if (lastObservedAt === null && live === 0)
    return {
      ...link,
      state: "never",
      since: null,
      sentence: "No one yet: people appear with their first logon.",
    };
  const words = agents.filter((agent) => agent.state === "active").map((agent) => agent.lastSeenAt ?? 0);
  const lastWord = words.length === 0 ? null : Math.max(...words);
  if (lastWord === null || now - lastWord >= STALE_MS)
    return {
      ...link,
      state: "unknown",
      since: lastWord || lastObservedAt,
      sentence: `${plural(live, "person was", "people were")} known when the last agent spoke${lastWord ? ` ${spellLength(now - lastWord)} ago` : ""}.`,
    };
  if (live > 0)
    return {
      ...link,
      state: "ok",
      since: null,
      sentence: `${plural(live, "person is", "people are")} known now.`,
    };
  const quiet = lastObservedAt === null ? 0 : now - lastObservedAt;
  return quiet >= NOBODY_MS
    ? {
        ...link,
        state: "warn",
        since: lastObservedAt,
        sentence: `Nobody was identified for ${spellLength(quiet)}.`,
      }
    : {
        ...link,
        state: "ok",
        since: null,
        sentence: `Nobody is known now; the last logon was ${spellLength(quiet)} ago.`,
      };
}

function rollUp(links: readonly ChainLink[]): Health {
  const counted = links.filter((link) => link.state !== "off" && link.state !== "never");
  const worst = worstOf(counted);
  if (worst === null) {
    const paused = links.find((link) => link.state === "off");
    if (paused) return { state: "off", sentence: paused.sentence, since: paused.since };
    const next = links.find((link) => link.link === "agent");
    return { state: "never", sentence: next?.sentence ?? "", since: next?.since ?? null };
  }
  if (worst.state !== "ok") return { state: worst.state, sentence: worst.sentence, since: worst.since };
  const missing = links.find((link) => link.state === "never");
  if (missing) return { state: "ok", sentence: `Works so far. ${missing.sentence}`, since: null };
  const people = links.find((link) => link.link === "people");
  return { state: "ok", sentence: people?.sentence ?? "", since: null };
}

/** Worst first; of equals the one that lasts longest. For lists of customers. */
export function compareWorstFirst(a: Health, b: Health): number {
  const difference = severityOf(b.state) - severityOf(a.state);
  if (difference !== 0) return difference;
  return (a.since ?? Number.MAX_SAFE_INTEGER) - (b.since ?? Number.MAX_SAFE_INTEGER);
}
