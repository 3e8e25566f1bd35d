import type { SourceHealth, SourceState } from "../collector.ts";
import type { SyslogSource } from "./syslog-source.ts";

/** A pause is worth a word when it is ten times the usual one, and never below a quarter of an hour. */
const SILENCE_FACTOR = 10;
const SILENCE_MIN_MS = 15 * 60_000;

/** How a source is, in a state and a sentence: silence and refusals are said, never hidden behind "ok". */
export function healthOf(source: SyslogSource, now: number): SourceHealth {
  const { config, counters } = source;
  const base = {
    id: config.id,
    kind: "syslog" as const,
    name: config.name,
    lastActivityAt: counters.lastAt,
    counters: counters.toJSON(),
  };
  const say = (state: SourceState, since: number, sentence: string): SourceHealth => ({
    ...base,
    state,
    since,
    sentence,
  });

  if (source.fault !== null)
    return say("broken", counters.startedAt, `Its rules cannot be used: ${source.fault}`);
  const { firstAt, lastAt, usualGapMs } = counters;
  if (firstAt === null || lastAt === null) {
    return say("never", counters.startedAt, `No line yet from ${config.senders.join(", ")}`);
  }
  const silentMs = now - lastAt;
  if (silentMs > Math.max(SILENCE_MIN_MS, SILENCE_FACTOR * (usualGapMs ?? 0))) {
    return say(
      "degraded",
      lastAt,
      `Silent for ${roughly(silentMs)}; usually a line every ${roughly(usualGapMs ?? 0)}`,
    );
  }
  if (config.sequences.length === 0) {
    return say("degraded", firstAt, "Lines arrive, and no sequence is set up to read them");
  }
  const dropped = counters.get("dropped");
  if (dropped > 0)
    return say("degraded", firstAt, `${dropped} lines were dropped: the sender is faster than allowed`);
  if (counters.get("matched") === 0) {
    return say("degraded", firstAt, "Lines arrive, and none is matched by a sequence");
  }
  if (config.speaksFor.length === 0) {
    return say(
      "degraded",
      firstAt,
      "Lines match, and open no session: it is not said which addresses it speaks for",
    );
  }
  return say("ok", firstAt, `${counters.get("matched")} of ${counters.get("received")} lines matched`);
}

function roughly(ms: number): string {
  const seconds = Math.max(1, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
}
