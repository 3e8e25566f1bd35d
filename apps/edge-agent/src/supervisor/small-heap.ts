import { setFlagsFromString } from "node:v8";

/** How far the space of old objects may grow beyond what was alive in it, in percent, until it is cleaned. */
const HEAP_GROWING_PERCENT = 30;

/**
 * Holds V8's heap to little more than what is alive in it. Call once, before anything is loaded.
 *
 * Its space for young objects would grow to some 100 MB on a long read and stay so, although what an agent makes for an answer
 * is gone with the answer. Measured with 500,000 sessions, after a firewall had read them all: 589 MB resident in place of
 * 711, for an eighth more processor time of that read (docs/performance.md).
 * Pretenuring does the same harm by another way: a page of a thousand entries is alive when the young space is cleaned, so
 * V8 takes to making such objects where only a full collection finds them. In two of three runs that was 80 to 100 MB of
 * garbage at any time (683 MB resident in place of 580); without it 525 to 585 MB in all runs, for no time that was seen.
 * And on a machine with much memory V8 lets the space of old objects grow to several times what is alive: while a directory
 * of 500,000 was read, 243 MB for some 100. Held to a third more it was 164 MB, for a seventh more time of that reading.
 * Source: `semi_space_growth_factor`, `allocation_site_pretenuring` and `heap_growing_percent` in V8's flag-definitions.h (seen
 * in code); the first and the last are read whenever the space in question may grow.
 */
export function keepHeapSmall(): void {
  setFlagsFromString("--semi-space-growth-factor=1");
  setFlagsFromString("--no-allocation-site-pretenuring");
  setFlagsFromString(`--heap-growing-percent=${HEAP_GROWING_PERCENT}`);
}
