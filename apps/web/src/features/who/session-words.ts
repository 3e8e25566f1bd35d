import type { Outputs } from "~/trpc/outputs.ts";

export type Session = Outputs["sessions"]["search"]["items"][number];

const BECAUSE: Readonly<Record<string, string>> = {
  ended: "logged off",
  expired: "ran out",
  contested: "two people claim it",
  disabled: "the account is disabled",
  suppressed: "a filter or a mark leaves it out",
  "source-dark": "its source cannot be heard",
  "never-seen": "never seen",
};

/** Why nobody is known at an address. */
export function becauseInWords(because: string | null): string {
  return because === null ? "nobody known" : (BECAUSE[because] ?? because);
}

const EVIDENCE: Readonly<Record<"A" | "B" | "C" | "D", string>> = {
  A: "A: a tunnel or port was given to this person",
  B: "B: a log-on ticket was issued there",
  C: "C: the person used a service from there",
  D: "D: said by somebody who may not speak for this address",
};

export function evidenceInWords(evidence: "A" | "B" | "C" | "D"): string {
  return EVIDENCE[evidence];
}

/** `DOMAIN\name` of a session's person; null where nobody is known. */
export function accountOf(session: Pick<Session, "user">): string | null {
  if (session.user === null) return null;
  return session.user.domain === "" ? session.user.name : `${session.user.domain}\\${session.user.name}`;
}

export const VERB_WORDS: Readonly<Record<"start" | "refresh" | "end", string>> = {
  start: "began",
  refresh: "was seen",
  end: "ended",
};

/** The rule of a source, short: `syslog:59f52d9e-1874-…` gives "syslog rule 59f52d9e". */
export function ruleInWords(rule: string): string {
  return rule.replace(/^([a-z-]+):([0-9a-f]{8})-[0-9a-f-]{27}$/, "$1 rule $2");
}
