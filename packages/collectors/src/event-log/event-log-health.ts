import type { SourceHealth, SourceState } from "../collector.ts";
import { DEAD_AFTER_MS } from "./event-log-port.ts";
import type { ReaderView } from "./event-log-reader.ts";
import { channelOf } from "./event-source-config.ts";

/** A pause is worth a word when it is ten times the usual one, and never below a quarter of an hour. */
const SILENCE_FACTOR = 10;
const SILENCE_MIN_MS = 15 * 60_000;
/** Source: rulings, "Lifetime and clocks" (documented). */
const OFFSET_SAID_MS = 5000;
const OFFSET_DEGRADED_MS = 60_000;
const LAG_MS = 60_000;
/** How long it is said that records are missing. */
const LOST_SAID_MS = 60 * 60_000;
const CHARACTERS_MAX = 500;

/** How a log's reader is: a server that is silent and alive is told from one that is gone, and each has its remedy. */
export function eventLogHealth(view: ReaderView, now: number): SourceHealth {
  const { config, counters } = view;
  const say = (state: SourceState, since: number, sentence: string): SourceHealth => ({
    id: config.id,
    kind: "event-log",
    name: config.name,
    state,
    sentence: sentence.slice(0, CHARACTERS_MAX),
    since,
    lastActivityAt: counters.lastAt,
    counters: {
      ...counters.toJSON(),
      failures: view.failures,
      ...(counters.lastEventAt === null ? {} : { lastEventAt: counters.lastEventAt }),
    },
  });
  const where = `${channelOf(config)} of ${config.host}`;

  if (view.fault !== null)
    return say("broken", view.faultSince, `${view.fault.message}: ${view.fault.remedy}`);
  if (view.connectedAt === null)
    return say("never", view.startedAt, `Connecting to ${config.host} for the first time`);
  const since = view.connectedAt;
  const lastCallAt = view.lastCallAt ?? since;
  if (now - lastCallAt > DEAD_AFTER_MS)
    return say(
      "broken",
      lastCallAt,
      `${config.host} has not answered for ${roughly(now - lastCallAt)}, though the connection stands: check the server and the firewalls in between`,
    );
  const offset = view.clockOffsetMs ?? 0;
  if (Math.abs(offset) > OFFSET_DEGRADED_MS)
    return say(
      "degraded",
      since,
      `The clock of ${config.host} is ${roughly(Math.abs(offset))} ${offset > 0 ? "ahead" : "behind"}: set it by the domain's time (w32tm /resync)`,
    );
  if (view.lostAt !== null && now - view.lostAt < LOST_SAID_MS)
    return say(
      "degraded",
      view.lostAt,
      `${where} was cleared, or rolled over, while it was not read: events from ${timeOf(view.lostSince ?? view.lostAt)} on may be missing. Enlarge the log where it rolls over`,
    );
  if (view.catchingUpTo !== null)
    return say("ok", since, `Catching up with ${where}: read up to ${timeOf(view.catchingUpTo)}`);
  const { lastAt, usualGapMs } = counters;
  if (lastAt === null)
    return say(
      "never",
      since,
      `${where} is read, and no event has come: check that its audit policy records logons (docs/runbooks/event-log-silent.md)`,
    );
  const silentMs = now - lastAt;
  if (silentMs > Math.max(SILENCE_MIN_MS, SILENCE_FACTOR * (usualGapMs ?? 0)))
    return say(
      "degraded",
      lastAt,
      `${config.host} answers, and no event has come for ${roughly(silentMs)}; usually one every ${roughly(usualGapMs ?? 0)}: check its audit policy`,
    );
  const lagMs = counters.get("lagMs");
  if (lagMs > LAG_MS)
    return say(
      "degraded",
      since,
      `Events of ${config.host} come ${roughly(lagMs)} late${config.kind === "event-collector" ? ": see how often its sources forward" : ""}`,
    );
  if (counters.get("matched") === 0)
    return say(
      "degraded",
      since,
      `Events of ${config.host} come, and none of them says where anybody is: see which reasons are counted`,
    );
  const told = `${counters.get("matched")} of ${counters.get("received")} events of ${config.host} say who is where`;
  const clock =
    Math.abs(offset) > OFFSET_SAID_MS
      ? `; its clock is ${roughly(Math.abs(offset))} ${offset > 0 ? "ahead" : "behind"}`
      : "";
  return say("ok", since, `${told}${clock}`);
}

function timeOf(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

function roughly(ms: number): string {
  const seconds = Math.max(1, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
}
