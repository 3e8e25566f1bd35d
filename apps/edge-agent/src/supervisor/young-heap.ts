import { setFlagsFromString } from "node:v8";

/**
 * Keeps V8's space for young objects as small as it began, and young objects in it. Call once, before anything is loaded.
 *
 * It would grow to some 100 MB on a long read and stay so, although what an agent makes for an answer is gone with the
 * answer. Measured with 500,000 sessions, after a firewall had read them all: 589 MB resident in place of 711, for an
 * eighth more processor time of that read (docs/performance.md).
 * Pretenuring does the same harm by another way: a page of a thousand entries is alive when the young space is cleaned, so
 * V8 takes to making such objects where only a full collection finds them. In two of three runs that was 80 to 100 MB of
 * garbage at any time (683 MB resident in place of 580); without it 525 to 585 MB in all runs, for no time that was seen.
 * Source: `semi_space_growth_factor` in V8's flag-definitions.h (seen in code), read whenever that space grows, and `allocation_site_pretenuring`.
 */
export function keepYoungHeapSmall(): void {
  setFlagsFromString("--semi-space-growth-factor=1");
  setFlagsFromString("--no-allocation-site-pretenuring");
}
