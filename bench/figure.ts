/** One figure as it is printed: what we reach, and what the same machine reaches in the same run without us. */
export interface FigureLine {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly limit: number;
  /** value / limit. */
  readonly ratio: number;
}

/** `missing`: what it takes is not on this machine; the sentence says what and how to get it. */
export type Measured =
  | { readonly kind: "measured"; readonly line: FigureLine }
  | { readonly kind: "missing"; readonly sentence: string };

export interface BenchOptions {
  /** Length of one measured round. */
  readonly seconds: number;
  readonly rounds: number;
  /** In the store of a whole agent: what is demanded is 500,000. Fewer are for trying a figure out. */
  readonly sessions: number;
}

export interface Figure {
  readonly name: string;
  /** What is measured and what its limit is, in one sentence. */
  readonly what: string;
  measure(options: BenchOptions): Promise<Measured | readonly Measured[]>;
}

export function figureLine(name: string, unit: string, value: number, limit: number): Measured {
  const line = {
    name,
    value: round(value),
    unit,
    limit: round(limit),
    ratio: Math.round((value / limit) * 1000) / 1000,
  };
  return { kind: "measured", line };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}

/** What is not a figure goes to stderr: stdout holds one JSON line a figure and nothing else. */
export function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

function round(value: number): number {
  return value >= 100 ? Math.round(value) : Math.round(value * 10) / 10;
}
