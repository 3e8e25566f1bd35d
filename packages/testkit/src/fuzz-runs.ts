const DEFAULT_SCALE = 1 / 20;

/**
 * How many cases of a fuzz or property test to run now, where `full` is what the requirement names.
 *
 * Shape:  `full` times ROLLCALL_FUZZ_SCALE, at least 1. Unset: a twentieth, which is what every push pays for;
 *         `ROLLCALL_FUZZ_SCALE=1` runs them all, more runs longer.
 * Errors: thrown where the variable is set and not a number above 0: a run that meant to be full must not be a short one.
 */
export function fuzzRuns(full: number): number {
  return Math.max(1, Math.round(full * fuzzScale(process.env.ROLLCALL_FUZZ_SCALE)));
}

/** The seed of this run: ROLLCALL_FUZZ_SEED to repeat one that failed, else a fresh one. Print it in the name of the test. */
export function fuzzSeed(): number {
  const text = process.env.ROLLCALL_FUZZ_SEED;
  if (text === undefined || text === "") return Math.floor(Math.random() * 2 ** 31);
  const seed = Number(text);
  if (!Number.isSafeInteger(seed) || seed < 0)
    throw new RangeError(`ROLLCALL_FUZZ_SEED is "${text}", needs a whole number from 0`);
  return seed;
}

export function fuzzScale(text: string | undefined): number {
  if (text === undefined || text === "") return DEFAULT_SCALE;
  const scale = Number(text);
  if (!Number.isFinite(scale) || scale <= 0)
    throw new RangeError(`ROLLCALL_FUZZ_SCALE is "${text}", needs a number above 0`);
  return scale;
}
