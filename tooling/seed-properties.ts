import fc from "fast-check";

/** Runs before each file of tests: gives properties the seed of the run too (`fuzzSeed`), where it has one. */
const seed = process.env.ROLLCALL_FUZZ_SEED;
if (seed !== undefined && seed !== "") fc.configureGlobal({ seed: Number(seed) });
