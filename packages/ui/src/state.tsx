/**
 * The one vocabulary of health: six words, six shapes, and `unknown` for when our own knowledge is old.
 * Shape and word always stand together; colour never carries a state alone (WCAG 1.4.1).
 */
export type State = "ok" | "warn" | "bad" | "busy" | "off" | "never" | "unknown";

export const STATE_WORDS: Readonly<Record<State, string>> = {
  ok: "Healthy",
  warn: "Degraded",
  bad: "Broken",
  busy: "In progress",
  off: "Paused",
  never: "Not started",
  unknown: "Unknown",
};

const GLYPH_COLOUR: Readonly<Record<State, string>> = {
  ok: "text-ok",
  warn: "text-warn",
  bad: "text-bad",
  busy: "text-busy",
  off: "text-off",
  never: "text-off",
  unknown: "text-off",
};

const CHIP_COLOUR: Readonly<Record<State, string>> = {
  ok: "bg-ok-wash text-ok-ink",
  warn: "bg-warn-wash text-warn-ink",
  bad: "bg-bad-wash text-bad-ink",
  busy: "bg-busy-wash text-busy-ink",
  off: "bg-off-wash text-off-ink",
  never: "bg-off-wash text-off-ink",
  unknown: "bg-off-wash text-off-ink",
};

export const STATE_EDGE: Readonly<Record<State, string>> = {
  ok: "bg-ok",
  warn: "bg-warn",
  bad: "bg-bad",
  busy: "bg-busy",
  off: "bg-off",
  never: "bg-line",
  unknown: "bg-off",
};

export const STATE_TEXT: Readonly<Record<State, string>> = {
  ok: "text-ink-2",
  warn: "text-warn-ink",
  bad: "text-bad-ink",
  busy: "text-busy-ink",
  off: "text-ink-2",
  never: "text-ink-2",
  unknown: "text-ink-2",
};

function Shape({ state }: { state: State }) {
  switch (state) {
    case "ok":
      return <circle cx="5" cy="5" r="4.25" fill="currentColor" />;
    case "warn":
      return <path d="M5 .9 9.6 9.1H.4Z" fill="currentColor" strokeLinejoin="round" />;
    case "bad":
      return (
        <>
          <rect
            x=".75"
            y=".75"
            width="8.5"
            height="8.5"
            rx="1"
            fill="none"
            stroke="currentColor"
            strokeWidth="1.5"
          />
          <path d="m3.1 3.1 3.8 3.8m0-3.8L3.1 6.9" stroke="currentColor" strokeWidth="1.5" />
        </>
      );
    case "busy":
      return (
        <>
          <circle cx="5" cy="5" r="4" fill="none" stroke="currentColor" strokeWidth="1.25" />
          <path d="M5 1a4 4 0 0 0 0 8Z" fill="currentColor" />
        </>
      );
    case "off":
      return <circle cx="5" cy="5" r="4" fill="none" stroke="currentColor" strokeWidth="1.5" />;
    case "never":
    case "unknown":
      return (
        <circle
          cx="5"
          cy="5"
          r="4"
          fill="none"
          stroke="currentColor"
          strokeWidth="1.5"
          strokeDasharray="2.1 1.49"
        />
      );
  }
}

/** The bare shape. Give `label` only where no word stands beside it. */
export function StateGlyph({ state, label }: { state: State; label?: string }) {
  const className = `size-2.5 shrink-0 ${GLYPH_COLOUR[state]}`;
  if (label === undefined) {
    return (
      <svg viewBox="0 0 10 10" aria-hidden="true" className={className}>
        <Shape state={state} />
      </svg>
    );
  }
  return (
    <svg viewBox="0 0 10 10" role="img" aria-label={label} className={className}>
      <title>{label}</title>
      <Shape state={state} />
    </svg>
  );
}

/** Shape and word on a wash. `word` replaces the standard word where a page has a truer one ("Asking", "Revoked"). */
export function StateChip({ state, word }: { state: State; word?: string }) {
  return (
    <span
      className={`inline-flex h-5 items-center gap-1.5 rounded-sm px-1.5 text-xs font-semibold whitespace-nowrap forced-colors:border ${CHIP_COLOUR[state]}`}
    >
      <StateGlyph state={state} />
      {word ?? STATE_WORDS[state]}
    </span>
  );
}
