import { isLive } from "./compose-entry.ts";
import { type Corroboration, uncorroborated } from "./corroboration.ts";
import type { Entry, EntryFilter } from "./entry.ts";
import { compileFilter, type KeptFromReader, whyKeptFrom } from "./entry-filter.ts";
import { type Arbitration, evaluateKey, type Ownership, type TraceLine } from "./evaluate-key.ts";
import { type Claim, type End, type KeyState, type KindState, voids } from "./key-state.ts";
import type { EpochMs, PrincipalName } from "./observation.ts";
import type { PrincipalLookup } from "./principal-directory.ts";

export interface ExplainedClaim {
  readonly observationId: string;
  readonly rule: string;
  readonly sourceId: string;
  readonly principalKey: string;
  readonly class: "A" | "B" | "C" | "D";
  readonly at: EpochMs;
  readonly expiresAt: EpochMs;
  readonly state: "speaks" | "ended" | "expired";
  /** The end that voided it. */
  readonly endedBy: string | null;
}

/**
 * What became of one thing that was said of an address. Stable words: other programs match on them.
 *
 * `accepted` counts · `refused` is kept and does not count (2b, 2c, 2d, the floor) · `voided` was ended (1) ·
 * `expired` has run out (6) · `suppressed` was kept back at receipt (4, 9, 12, 14) · `end` ends others (1) ·
 * `decision` is the step of the law that settled it · `notice` is what would be otherwise (corroboration in detect
 * mode) · `kept-from` says which firewall is not told, and by which filter.
 */
export type ExplainedKind =
  | "accepted"
  | "refused"
  | "voided"
  | "expired"
  | "suppressed"
  | "end"
  | "decision"
  | "notice"
  | "kept-from";

/** One line of an explanation. */
export interface ExplanationLine {
  readonly kind: ExplainedKind;
  readonly of: "user" | "device";
  /** Effective time of the observation; null where the line speaks of none. */
  readonly at: EpochMs | null;
  /** The rule that made or refused it: "event:4768", "syslog:vpn-begin", the id of a filter. */
  readonly rule: string;
  /** The number of the law that decided, as in docs/protocol/session-law.md. */
  readonly law: string;
  readonly sentence: string;
  readonly observationId: string | null;
  readonly sourceId: string | null;
  /** As a person reads it: `domain\name`, else as the source wrote it. */
  readonly principal: string | null;
}

/** What was kept back at receipt, as the agent's journal has it. */
export interface SuppressedObservation {
  readonly at: EpochMs;
  readonly kind: "user" | "device";
  readonly rule: string;
  readonly law: string;
  readonly sourceId: string;
  readonly observationId: string | null;
  readonly principal: string | null;
}

export interface Explanation {
  /** Newest first. */
  readonly claims: readonly ExplainedClaim[];
  readonly trace: readonly TraceLine[];
  /** One sentence a day for the person at 02:00. */
  readonly answer: string;
  readonly nextChangeAt: EpochMs | null;
  /** Of the user, then of the device; within each what was said, newest first, and then the steps that decided. At most `MAX_LINES`. */
  readonly lines: readonly ExplanationLine[];
  readonly user: Ownership;
  readonly device: Ownership;
}

export interface ExplainOptions {
  readonly arbitration: Arbitration;
  readonly corroboration: Corroboration;
  /** What was kept back at receipt: known to the agent that read it only. */
  readonly suppressed?: readonly SuppressedObservation[];
  /** The entry as it stands, and who reads it: for who is not told of it. */
  readonly entry?: Entry | null;
  readonly readers?: readonly { readonly name: string; readonly filter: EntryFilter }[];
  /** Other address spaces in which somebody is known at this address: a reader of two of them is told of neither. */
  readonly alsoLiveIn?: readonly string[];
}

/** What an explanation says at most; the newest are said. */
export const MAX_LINES = 200;
const MAX_READERS = 20;

/**
 * Says of an address what is kept of it, what became of each observation, and which number of the law decided.
 *
 * Shape:  a function of its arguments, by the code that decides; bounded by what a key keeps and by `MAX_LINES`.
 * Units:  epoch ms.
 * Source: docs/protocol/session-law.md, "Explain".
 */
export function explainAddress(
  state: KeyState,
  principals: PrincipalLookup,
  now: EpochMs,
  options: ExplainOptions,
): Explanation {
  const { arbitration, corroboration } = options;
  const trace: TraceLine[] = [];
  const deviceTrace: TraceLine[] = [];
  const evaluation = evaluateKey(state, principals, now, { arbitration, corroboration, trace, deviceTrace });
  const suppressed = options.suppressed ?? [];
  const lines = [
    ...linesOf("user", state.user, { principals, now, trace, suppressed }),
    ...noticesOf(state, principals, now, options),
    ...linesOf("device", state.device, { principals, now, trace: deviceTrace, suppressed }),
    ...keptFromLines(options),
  ];
  return {
    claims: claimsOf(state.user, principals, now),
    trace,
    answer: answerOf(evaluation.user, evaluation.device, principals),
    nextChangeAt: evaluation.nextChangeAt,
    lines: withinBound(lines),
    user: evaluation.user,
    device: evaluation.device,
  };
}

function claimsOf(state: KindState, principals: PrincipalLookup, now: EpochMs): ExplainedClaim[] {
  const endOf = endsOf(state, principals);
  return state.claims
    .map((claim): ExplainedClaim => {
      const end = endOf(claim);
      const expiresAt = claim.at + claim.lifetimeMs;
      return {
        observationId: claim.id,
        rule: claim.rule,
        sourceId: claim.sourceId,
        principalKey: principals.resolve(claim.principal),
        class: claim.class,
        at: claim.at,
        expiresAt,
        state: end !== null ? "ended" : expiresAt <= now ? "expired" : "speaks",
        endedBy: end === "floor" ? null : (end?.id ?? null),
      };
    })
    .sort((a, b) => b.at - a.at);
}

function endsOf(state: KindState, principals: PrincipalLookup): (claim: Claim) => End | "floor" | null {
  const same = (a: PrincipalName, b: PrincipalName) => principals.resolve(a) === principals.resolve(b);
  return (claim) =>
    state.ends.find((end) => voids(end, claim, same)) ?? (claim.at <= state.endFloor ? "floor" : null);
}

interface Telling {
  readonly principals: PrincipalLookup;
  readonly now: EpochMs;
  readonly trace: readonly TraceLine[];
  readonly suppressed: readonly SuppressedObservation[];
}

function linesOf(of: "user" | "device", state: KindState, telling: Telling): ExplanationLine[] {
  const { principals, now, trace } = telling;
  const refusals = new Map(
    trace.flatMap((line) => (isOfOne(line) && line.observationId ? [[line.observationId, line]] : [])),
  );
  const endOf = endsOf(state, principals);
  const said: ExplanationLine[] = state.claims.map((claim) => ({
    of,
    at: claim.at,
    rule: claim.rule,
    observationId: claim.id,
    sourceId: claim.sourceId,
    principal: nameOf(claim.principal, principals),
    ...outcomeOf(claim, endOf(claim), refusals.get(claim.id) ?? null, now),
  }));
  for (const end of state.ends)
    said.push({
      kind: "end",
      of,
      at: end.at,
      rule: end.rule,
      law: "1",
      sentence: sentenceOfEnd(end),
      observationId: end.id,
      sourceId: end.sourceId,
      principal: end.principal === null ? null : nameOf(end.principal, principals),
    });
  for (const one of telling.suppressed)
    if (one.kind === of)
      said.push({
        kind: "suppressed",
        of,
        at: one.at,
        rule: one.rule,
        law: one.law,
        sentence: SUPPRESSED_BY[one.law] ?? "kept back at receipt",
        observationId: one.observationId,
        sourceId: one.sourceId,
        principal: one.principal,
      });
  said.sort((a, b) => (b.at ?? 0) - (a.at ?? 0));
  if (state.floor > 0)
    said.push({
      kind: "refused",
      of,
      at: state.floor,
      rule: "floor",
      law: "bounds",
      sentence: "more was said of this address than is kept: nothing of this time or before counts any more",
      observationId: null,
      sourceId: null,
      principal: null,
    });
  const decided = trace
    .filter((line) => !isOfOne(line))
    .map((line): ExplanationLine => {
      const claim = state.claims.find(({ id }) => id === line.observationId);
      return {
        kind: "decision",
        of,
        at: claim?.at ?? null,
        rule: claim?.rule ?? "",
        law: line.rule,
        sentence: line.sentence,
        observationId: line.observationId,
        sourceId: claim?.sourceId ?? null,
        principal: claim === undefined ? null : nameOf(claim.principal, principals),
      };
    });
  return [...said, ...decided];
}

/** Lines of the trace that say of one observation why it does not count, and not who owns the address. */
function isOfOne(line: TraceLine): boolean {
  return line.rule === "2b" || line.rule === "2c" || line.rule === "2d";
}

function outcomeOf(
  claim: Claim,
  end: End | "floor" | null,
  refusal: TraceLine | null,
  now: EpochMs,
): Pick<ExplanationLine, "kind" | "law" | "sentence"> {
  if (end === "floor")
    return { kind: "voided", law: "bounds", sentence: "ended by an end that is no longer kept" };
  if (end !== null)
    return { kind: "voided", law: "1", sentence: `ended by ${end.rule} (observation ${end.id})` };
  if (refusal !== null && refusal.rule !== "2b")
    return { kind: "refused", law: refusal.rule, sentence: refusal.sentence };
  if (claim.at + claim.lifetimeMs <= now)
    return {
      kind: "expired",
      law: "6",
      sentence: `ran out after ${Math.round(claim.lifetimeMs / 60_000)} minutes`,
    };
  const because = refusal === null ? "" : `: ${refusal.sentence}`;
  return {
    kind: "accepted",
    law: refusal?.rule ?? (claim.class === "C" ? "2c" : "2"),
    sentence: `counts (class ${refusal === null ? claim.class : "C"})${because}`,
  };
}

function sentenceOfEnd({ scope, correlator, family }: End): string {
  const whom = scope.principal === "any" ? "whoever was there" : "this principal";
  const which = correlator === null ? "" : ", of that session";
  return `ends ${whom}${which}${scope.family === "any" ? ", whoever said so" : `, as ${family} said`}`;
}

/** In detect mode: which tickets would not count, and who would be there. */
function noticesOf(
  state: KeyState,
  principals: PrincipalLookup,
  now: EpochMs,
  { arbitration, corroboration }: ExplainOptions,
): ExplanationLine[] {
  if (corroboration !== "detect") return [];
  const bare = uncorroborated(state.user, (claim) => principals.resolve(claim.principal));
  if (bare.size === 0) return [];
  const is = evaluateKey(state, principals, now, { arbitration, corroboration: "off" });
  const would = evaluateKey(state, principals, now, { arbitration, corroboration: "on" });
  const ofTickets = [...bare].map(
    (claim): ExplanationLine => ({
      kind: "notice",
      of: "user",
      at: claim.at,
      rule: claim.rule,
      law: "2b",
      sentence:
        "no read of a domain controller within two minutes supports it: with corroboration on it would be class C",
      observationId: claim.id,
      sourceId: claim.sourceId,
      principal: nameOf(claim.principal, principals),
    }),
  );
  if (keyOf(is.user) === keyOf(would.user)) return ofTickets;
  const claim = would.user.kind === "owned" ? would.user.claim : null;
  return [
    ...ofTickets,
    {
      kind: "notice",
      of: "user",
      at: null,
      rule: "corroboration",
      law: "2b",
      sentence: `with corroboration on the answer would be: ${answerOf(would.user, would.device, principals)}`,
      observationId: claim?.id ?? null,
      sourceId: claim?.sourceId ?? null,
      principal: claim === null ? null : nameOf(claim.principal, principals),
    },
  ];
}

function keyOf(owner: Ownership): string | null {
  return owner.kind === "owned" ? owner.principalKey : null;
}

function keptFromLines({ entry, readers, alsoLiveIn = [] }: ExplainOptions): ExplanationLine[] {
  if (!entry || !readers || !isLive(entry)) return [];
  const lines: ExplanationLine[] = [];
  for (const { name, filter } of readers) {
    const seesAnother = alsoLiveIn.some((space) => compileFilter(filter).wantsSpace(space));
    const why = whyKeptFrom(entry, filter) ?? (seesAnother ? "overlap" : null);
    if (why === null || lines.length >= MAX_READERS) continue;
    lines.push({
      kind: "kept-from",
      of: entry.user === null ? "device" : "user",
      at: null,
      rule: why,
      law: why === "source-dark" ? "11" : why === "overlap" ? "overlap" : "14",
      sentence: `${name} is not told: ${KEPT_BY[why]}`,
      observationId: entry.user?.observationId ?? null,
      sourceId: entry.user?.sourceId ?? null,
      principal: entry.user === null ? null : `${entry.user.domain}\\${entry.user.name}`,
    });
  }
  return lines;
}

const KEPT_BY: Readonly<Record<KeptFromReader | "overlap", string>> = {
  "address-space": "it is not told of this address space",
  ipv6: "it is not told of IPv6 addresses",
  "include-ip": "the address is not among those it is told of",
  "exclude-ip": "the address is among those it is not told of",
  domain: "it is told of other domains only",
  "source-dark": "the source that named them cannot be heard",
  overlap: "somebody is known at this address in another of its address spaces as well",
};

/** By the number of the session law. */
const SUPPRESSED_BY: Readonly<Record<string, string>> = {
  "4": "kept back at receipt: this name or address never becomes a session",
  "9": "kept back at receipt: more than one person is behind this address, or the account works at too many",
  "12": "not used at receipt: the line has no name that can be used",
  "14": "kept back at receipt by a filter",
};

function withinBound(lines: readonly ExplanationLine[]): readonly ExplanationLine[] {
  if (lines.length <= MAX_LINES) return lines;
  // Steps that decided are few and always said; of what was said the newest are.
  const isShort = (line: ExplanationLine) => line.kind === "decision" || line.kind === "kept-from";
  let left = MAX_LINES - lines.filter(isShort).length;
  const newest = lines
    .filter((line) => !isShort(line))
    .sort((a, b) => (b.at ?? 0) - (a.at ?? 0))
    .slice(0, Math.max(0, left));
  const said = new Set(newest);
  left = MAX_LINES;
  return lines.filter((line) => (isShort(line) || said.has(line)) && left-- > 0);
}

function nameOf(name: PrincipalName, principals: PrincipalLookup): string {
  const facts = principals.factsOf(principals.resolve(name));
  if (facts !== null) return `${facts.domain}\\${facts.name}`;
  if (name.name) return name.domain ? `${name.domain}\\${name.name}` : name.name;
  return name.upn ?? name.sid ?? "";
}

function answerOf(user: Ownership, device: Ownership, principals: PrincipalLookup): string {
  if (user.kind === "owned")
    return `${nameOf(user.claim.principal, principals)}, by ${user.claim.rule} (class ${user.claim.class})`;
  const nobody = {
    ended: "nobody: the session was ended",
    expired: "nobody: the session expired",
    contested: "nobody: two claims contradict each other",
    disabled: "nobody: the account is disabled",
    "never-seen": "nobody: no source has opened a session here",
  }[user.because];
  return device.kind === "owned"
    ? `${nobody}; the device is ${nameOf(device.claim.principal, principals)}`
    : nobody;
}
