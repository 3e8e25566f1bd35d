/** Work in short steps: at each `yield` whoever runs it may do something else first. Gives its result at the end. */
export type Steps<Result> = Generator<undefined, Result, undefined>;

/** Characters of a document between two places to pause: about a millisecond. */
export const STEP_CHARACTERS = 4096;

/** Runs work without a pause. */
export function atOnce<Result>(steps: Steps<Result>): Result {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}
