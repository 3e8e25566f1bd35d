import { parseIp } from "@rollcall/identity-core";
import {
  type CompiledPattern,
  type CompiledSequence,
  type LineContext,
  MAX_LINE_LENGTH,
  type RuleSetOptions,
} from "./rule-set.ts";
import type {
  LineCapture,
  Matched,
  MatchResult,
  RefusalReason,
  Refused,
  RuleAttribute,
} from "./rule-types.ts";
import { checkText, checkVisible, type NameParts, normaliseName, printable } from "./value.ts";

const DEFAULT_BUDGET_MS = 50;

/** Runs the sequences over one line. See `RuleSet.match` for the contract. */
export function matchLine(
  sequences: readonly CompiledSequence[],
  line: string,
  context: LineContext,
  options: RuleSetOptions,
): MatchResult {
  const text = ruleText(line);
  if (text.length > MAX_LINE_LENGTH) {
    const message = `${text.length} characters, at most ${MAX_LINE_LENGTH}`;
    return refusal(text, null, "line-too-long", message, null, []);
  }
  const spent = startBudget(options);
  let firstRefusal: Refused | null = null;
  for (const sequence of sequences) {
    if (spent()) return outOfTime(text, sequence);
    if (!sequence.trigger.matches(text)) continue;
    const result = readSequence(sequence, text, context, spent);
    if (result.kind === "matched" || result.reason === "time-budget") return result;
    firstRefusal ??= result;
  }
  return firstRefusal ?? { kind: "not-matched", text };
}

/** What the rules see of a line: without `<PRI>` at its head and without line breaks and NULs at its end. */
export function ruleText(line: string): string {
  const priority = /^<\d{1,3}>/.exec(line);
  const from = priority === null ? 0 : priority[0].length;
  let to = line.length;
  while (to > from && "\r\n\0".includes(line.charAt(to - 1))) to -= 1;
  return line.slice(from, to);
}

function startBudget(options: RuleSetOptions): () => boolean {
  const { clock, lineBudgetMs = DEFAULT_BUDGET_MS } = options;
  if (clock === undefined) return () => false;
  const started = clock();
  return () => clock() - started > lineBudgetMs;
}

function readSequence(
  sequence: CompiledSequence,
  text: string,
  context: LineContext,
  spent: () => boolean,
): Matched | Refused {
  const captures: LineCapture[] = [];
  const taken = new Map<RuleAttribute, { readonly value: string; readonly pattern: CompiledPattern }>();
  for (const pattern of sequence.patterns) {
    if (spent()) return outOfTime(text, sequence);
    if (taken.has(pattern.attribute)) continue;
    const capture = pattern.compiled.capture(text, pattern.returnCount);
    if (capture === null) continue;
    captures.push({ attribute: pattern.attribute, ...capture });
    taken.set(pattern.attribute, { value: capture.value, pattern });
  }
  const refuse = (reason: RefusalReason, message: string, attribute: RuleAttribute | null) =>
    refusal(text, sequence.id, reason, message, attribute, captures);

  const missing = sequence.patterns.find((pattern) => !pattern.optional && !taken.has(pattern.attribute));
  if (missing !== undefined) {
    return refuse("missing-value", `nothing found for the ${missing.attribute}`, missing.attribute);
  }

  const names: Partial<Record<"user" | "device", NameParts>> = {};
  for (const attribute of ["user", "device"] as const) {
    const found = taken.get(attribute);
    if (found === undefined) continue;
    const parts = normaliseName(found.value, found.pattern.normalise);
    if (parts.kind === "ok") names[attribute] = parts.value;
    else if (!(found.pattern.optional && parts.reason === "no-name")) {
      return refuse(parts.reason, `${attribute}: ${parts.message}`, attribute);
    }
  }

  const domainText = taken.get("domain")?.value.trim();
  if (domainText !== undefined) {
    const domain = checkText(domainText);
    if (domain.kind === "refused") return refuse(domain.reason, `domain: ${domain.message}`, "domain");
  }

  const correlator = taken.get("correlator")?.value.trim() || null;
  if (correlator !== null) {
    const checked = checkVisible(correlator);
    if (checked.kind === "refused")
      return refuse(checked.reason, `correlator: ${checked.message}`, "correlator");
  }

  const groups: string[] = [];
  for (const group of (taken.get("groups")?.value ?? "").split(",")) {
    if (group.trim() === "") continue;
    const checked = checkText(group.trim());
    if (checked.kind === "refused") return refuse(checked.reason, `groups: ${checked.message}`, "groups");
    groups.push(checked.value);
  }

  const address = findAddress(taken.get("ip")?.value, sequence.matchSourceIp, context);
  if (address.kind === "not-an-address") {
    return refuse("not-an-address", `ip: "${printable(address.text)}" is not an address`, "ip");
  }
  if (address.kind === "none" && !(sequence.kind === "end" && correlator !== null)) {
    return refuse("no-address", "no address in the line, and the sender's is not to be taken", "ip");
  }
  if (sequence.kind === "begin" && names.user === undefined && names.device === undefined) {
    return refuse("no-name", "neither a user nor a device in the line", "user");
  }

  return {
    kind: "matched",
    sequenceId: sequence.id,
    ordinal: sequence.ordinal,
    verb: sequence.kind,
    user: names.user?.name ?? null,
    domain: domainText || (names.user?.domain ?? names.device?.domain ?? null),
    upn: names.user?.upn ?? null,
    ip: address.kind === "found" ? address.ip : null,
    ipFrom: address.kind === "found" ? address.from : null,
    device: names.device === undefined ? null : names.device.name.replace(/\$$/, ""),
    correlator,
    groups,
    text,
    captures,
  };
}

type Address =
  | { readonly kind: "found"; readonly ip: string; readonly from: "line" | "sender" }
  | { readonly kind: "not-an-address"; readonly text: string }
  | { readonly kind: "none" };

function findAddress(captured: string | undefined, matchSourceIp: boolean, context: LineContext): Address {
  if (captured !== undefined) {
    const ip = parseIp(captured.trim());
    return ip === null ? { kind: "not-an-address", text: captured } : { kind: "found", ip, from: "line" };
  }
  if (!matchSourceIp || context.senderIp === null) return { kind: "none" };
  const ip = parseIp(context.senderIp);
  return ip === null ? { kind: "none" } : { kind: "found", ip, from: "sender" };
}

function outOfTime(text: string, sequence: CompiledSequence): Refused {
  const message = "reading this line took too long: narrow the expressions of this source";
  return refusal(text, sequence.id, "time-budget", message, null, []);
}

function refusal(
  text: string,
  sequenceId: string | null,
  reason: RefusalReason,
  message: string,
  attribute: RuleAttribute | null,
  captures: readonly LineCapture[],
): Refused {
  return { kind: "refused", reason, message, sequenceId, attribute, text, captures };
}
