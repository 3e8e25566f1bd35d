/** What agents count for a syslog source, in the words of the page. */
export interface SourceCounts {
  readonly lines: number | null;
  readonly matched: number | null;
  /** Of the lines read, 0 to 1; null before the first. */
  readonly matchedShare: number | null;
}

export function sourceCounts(counters: Readonly<Record<string, number>>): SourceCounts {
  const lines = counters.lines ?? counters.received ?? null;
  const matched = counters.matched ?? null;
  return {
    lines,
    matched,
    matchedShare: lines === null || matched === null || lines === 0 ? null : matched / lines,
  };
}

/** "97 %": whole percents, but never 100 % while a line is left out nor 0 % while one matched. */
export function shareInWords(share: number): string {
  if (share >= 1) return "100 %";
  if (share <= 0) return "0 %";
  return `${Math.min(99, Math.max(1, Math.round(share * 100)))} %`;
}
