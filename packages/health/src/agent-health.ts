import type { AgentFacts, AgentReportFacts } from "./facts.ts";
import { type EpochMs, type Health, plural, spellLength, worstOf } from "./state.ts";
import {
  ALARM_MS,
  BACKLOG_MS,
  CERTIFICATE_SHORT_MS,
  CLOCK_DEGRADED_MS,
  CLOCK_SAID_MS,
  FIRST_WORD_MS,
  STALE_MS,
  UNKNOWN_MS,
} from "./thresholds.ts";

/** One agent: silence first, then what it says of itself. Green only by a fresh report. */
export function agentHealth(agent: AgentFacts, now: EpochMs): Health {
  const standing = standingOf(agent, now);
  if (standing !== null) return standing;
  const spokeAt = agent.lastSeenAt ?? agent.enrolledAt;
  const report = agent.report;
  if (report === null)
    return health("busy", `${agent.name} is connected; its first report is awaited.`, spokeAt);
  const worst = worstOf([...troublesOf(agent, report, now)]);
  if (worst !== null && worst.state !== "busy") return worst;
  if (now - report.receivedAt >= STALE_MS)
    return health(
      "unknown",
      `${agent.name} is connected but has not reported for ${spellLength(now - report.receivedAt)}.`,
      report.receivedAt,
    );
  return worst ?? health("ok", `${agent.name} ${fineWords(report, now)}.`, null);
}

/** Whether it speaks to us, however much of what it says is trouble. */
export function isConnected(agent: AgentFacts, now: EpochMs): boolean {
  return standingOf(agent, now) === null;
}

/** What is to be said before any report counts; null where the agent speaks. */
function standingOf(agent: AgentFacts, now: EpochMs): Health | null {
  const { name } = agent;
  if (agent.state === "revoked") return health("off", `${name} is revoked and may not connect.`, null);
  if (agent.state === "locked")
    return health(
      "bad",
      `${name} is locked: its identity was used on two machines. Enrol it again with a new file.`,
      agent.lastSeenAt,
    );
  if (agent.lastSeenAt === null) {
    const waited = now - agent.enrolledAt;
    return waited < FIRST_WORD_MS
      ? health("busy", `${name} is enrolled; its first word is awaited.`, agent.enrolledAt)
      : health(
          "never",
          `${name} is enrolled and was never seen since. Start it: rollcall-agent run.`,
          agent.enrolledAt,
        );
  }
  const silence = now - agent.lastSeenAt;
  const noWord = `No word from ${name} for ${spellLength(silence)}.`;
  const look =
    "Check its service and its way to the portal; firewalls at the site go on being answered by it.";
  if (silence >= UNKNOWN_MS) return health("unknown", `${noWord} ${look}`, agent.lastSeenAt);
  if (silence >= ALARM_MS) return health("bad", `${noWord} ${look}`, agent.lastSeenAt);
  if (silence >= STALE_MS) return health("warn", noWord, agent.lastSeenAt);
  return null;
}

function* troublesOf(agent: AgentFacts, report: AgentReportFacts, now: EpochMs): Generator<Health> {
  const { name } = agent;
  if (report.store.state !== "ok") yield health("bad", `${name}: ${report.store.sentence}`, null);
  for (const listener of report.listeners)
    if (listener.state === "broken") yield health("bad", `${name}: ${listener.sentence}`, null);
    else if (listener.state === "degraded") yield health("warn", `${name}: ${listener.sentence}`, null);
  if (agent.configRefused !== null && agent.configRefused.version === agent.configWanted)
    yield health(
      "warn",
      `${name} refused configuration ${agent.configRefused.version}: ${agent.configRefused.reason}`,
      null,
    );
  else if (agent.configApplied !== null && agent.configApplied < agent.configWanted)
    yield health("busy", `${name} is taking up configuration ${agent.configWanted}.`, null);
  if (Math.abs(report.clockOffsetMs) >= CLOCK_DEGRADED_MS)
    yield health(
      "warn",
      `The clock of ${name} is ${offsetWords(report.clockOffsetMs)}: times of logons are uncertain. Set its time service.`,
      null,
    );
  if (report.oldestPendingAt !== null && report.receivedAt - report.oldestPendingAt >= BACKLOG_MS)
    yield health(
      "warn",
      `${name} holds ${plural(report.pending, "event", "events")} that the cloud has not taken; firewalls that ask the cloud are behind.`,
      report.oldestPendingAt,
    );
  const [overlap] = report.overlaps;
  if (overlap !== undefined)
    yield health(
      "warn",
      `${overlap}${report.overlaps.length > 1 ? ` and ${report.overlaps.length - 1} more` : ""} ${report.overlaps.length > 1 ? "are" : "is"} in two address spaces of one firewall: it is told of nobody there. Give the firewall one of the spaces, or filters.`,
      null,
    );
  if (report.darkSources > 0)
    yield health(
      "warn",
      `${name} no longer names people of ${plural(report.darkSources, "source", "sources")} to some firewalls, for it cannot hear them.`,
      null,
    );
  const left = agent.certificateExpiresAt === null ? null : agent.certificateExpiresAt - now;
  if (left !== null && left <= 0)
    yield health("bad", `The certificate of ${name} has expired. Enrol it again with a new file.`, null);
  else if (left !== null && left < CERTIFICATE_SHORT_MS)
    yield health(
      "warn",
      `The certificate of ${name} ends in ${spellLength(left)} and was not renewed.`,
      null,
    );
}

function fineWords(report: AgentReportFacts, now: EpochMs): string {
  const spoke = `reported ${spellLength(now - report.receivedAt)} ago`;
  return Math.abs(report.clockOffsetMs) >= CLOCK_SAID_MS
    ? `${spoke}; its clock is ${offsetWords(report.clockOffsetMs)}`
    : spoke;
}

function offsetWords(offsetMs: number): string {
  return `${spellLength(Math.abs(offsetMs))} ${offsetMs > 0 ? "ahead" : "behind"}`;
}

function health(state: Health["state"], sentence: string, since: EpochMs | null): Health {
  return { state, sentence, since };
}
