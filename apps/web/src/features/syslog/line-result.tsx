import type { LineCapture, MatchResult, RuleAttribute } from "@rollcall/syslog-rules";
import { StateGlyph } from "@rollcall/ui/state";
import { Fragment } from "react";

/** The words a person reads for what a capture becomes. */
export const ATTRIBUTE_WORDS: Readonly<Record<RuleAttribute, string>> = {
  user: "user",
  domain: "domain",
  ip: "address",
  device: "device",
  correlator: "connection",
  groups: "groups",
  ignore: "ignored",
};

/** One line as the engine read it: what was taken is underlined and named, and below stands what becomes of it. */
export function LineResult({ result }: { result: MatchResult }) {
  return (
    <div className="min-w-0">
      <p className="font-mono text-xs leading-5 wrap-anywhere whitespace-pre-wrap">
        <Captured text={result.text} captures={result.kind === "not-matched" ? [] : result.captures} />
      </p>
      <Verdict result={result} />
    </div>
  );
}

/** Captures may touch, never overlap on screen: of two that do, the one that begins first is shown. */
function Captured({ text, captures }: { text: string; captures: readonly LineCapture[] }) {
  const parts: { key: string; before: string; capture: LineCapture }[] = [];
  let at = 0;
  for (const capture of [...captures].sort((a, b) => a.start - b.start || b.end - a.end)) {
    if (capture.start < at || capture.end <= capture.start) continue;
    parts.push({
      key: `${capture.start}-${capture.attribute}`,
      before: text.slice(at, capture.start),
      capture,
    });
    at = capture.end;
  }
  return (
    <>
      {parts.map(({ key, before, capture }) => (
        <Fragment key={key}>
          {before}
          <span className="inline-flex max-w-full flex-col items-start align-top">
            <span className="border-b-2 border-accent leading-5 font-semibold">
              {text.slice(capture.start, capture.end)}
            </span>
            <span className="font-sans text-2xs leading-4 font-semibold text-accent select-none">
              {ATTRIBUTE_WORDS[capture.attribute]}
            </span>
          </span>
        </Fragment>
      ))}
      {text.slice(at)}
    </>
  );
}

function Verdict({ result }: { result: MatchResult }) {
  switch (result.kind) {
    case "matched":
      return (
        <p className="flex flex-wrap items-center gap-x-1.5 text-xs text-ok-ink">
          <StateGlyph state="ok" />
          <span className="font-semibold">
            Rule {result.ordinal}: {result.verb === "begin" ? "begins" : "ends"} a session
          </span>
          <span className="text-ink-2">
            {[
              who(result.user, result.domain),
              result.device,
              result.ip === null ? null : `at ${result.ip}`,
              result.ipFrom === "sender" ? "(the sender's address)" : null,
              result.groups.length > 0 ? `groups ${result.groups.join(", ")}` : null,
            ]
              .filter((part) => part !== null)
              .join(" ")}
          </span>
        </p>
      );
    case "refused":
      return (
        <p className="flex flex-wrap items-center gap-x-1.5 text-xs text-bad-ink">
          <StateGlyph state="bad" />
          <span className="font-semibold">Meant, but not usable</span>
          <span>{result.message}</span>
        </p>
      );
    case "not-matched":
      return (
        <p className="flex items-center gap-x-1.5 text-xs text-ink-2">
          <StateGlyph state="never" />
          No rule's trigger is found in it
        </p>
      );
  }
}

function who(user: string | null, domain: string | null): string | null {
  if (user === null) return null;
  return domain === null ? user : `${domain}\\${user}`;
}
