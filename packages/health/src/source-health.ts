import type { SourceFacts, SourceReportFacts } from "./facts.ts";
import { type EpochMs, type Health, type LinkState, severityOf, spellLength } from "./state.ts";
import { STALE_MS, UNKNOWN_MS } from "./thresholds.ts";

/**
 * One directory or source, told from what the agents of its site report.
 * Where two agents read it and only one can, it is degraded and the other's sentence is shown.
 */
export function sourceHealth(source: SourceFacts, now: EpochMs): Health {
  if (!source.isEnabled) return { state: "off", sentence: `${source.name} is paused.`, since: null };
  if (source.reports.length === 0)
    return source.hasAgent
      ? { state: "busy", sentence: `${source.name} is not taken up by the agent yet.`, since: null }
      : { state: "never", sentence: `${source.name} waits for an agent at its site.`, since: null };
  const views = source.reports.map((report) => viewOf(source, report, now));
  const worst = pick(views, (a, b) => severityOf(a.state) > severityOf(b.state));
  const best = pick(views, (a, b) => severityOf(a.state) < severityOf(b.state));
  if (worst.state === "bad" && views.some((view) => view.state === "ok")) return { ...worst, state: "warn" };
  // One silent agent of two does not make unknown what the other sees fresh; its silence shows at the Agent link.
  if (worst.state === "unknown" && best.state === "ok") return best;
  return worst;
}

const STATE: Readonly<Record<SourceReportFacts["state"], LinkState>> = {
  ok: "ok",
  degraded: "warn",
  broken: "bad",
  off: "off",
  never: "never",
};

function viewOf(source: SourceFacts, report: SourceReportFacts, now: EpochMs): Health {
  const age = now - report.receivedAt;
  const said = report.sentence.includes(source.name) ? report.sentence : `${source.name}: ${report.sentence}`;
  const state = STATE[report.state];
  if (age >= UNKNOWN_MS || (age >= STALE_MS && state === "ok"))
    return {
      state: "unknown",
      sentence: `${source.name}: no word from ${report.agentName} for ${spellLength(age)}.`,
      since: report.receivedAt,
    };
  return { state, sentence: said, since: report.since };
}

function pick(views: readonly Health[], isBetter: (a: Health, b: Health) => boolean): Health {
  return views.reduce((chosen, view) => (isBetter(view, chosen) ? view : chosen));
}
