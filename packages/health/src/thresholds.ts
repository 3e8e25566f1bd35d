/** The one file of health thresholds, in milliseconds. Portal, API, agent and documents read them here. */

/** An agent reports this often. */
export const CHECK_IN_MS = 20_000;
/** Without a word for this long, what an agent said is old: nothing is shown green by it. */
export const STALE_MS = 60_000;
/** Without a word for this long, somebody has to look. */
export const ALARM_MS = 120_000;
/** Without a word for this long, we no longer claim to know anything. */
export const UNKNOWN_MS = 300_000;

/** From this clock offset on it is said. */
export const CLOCK_SAID_MS = 5_000;
/** From this clock offset on mappings suffer. */
export const CLOCK_DEGRADED_MS = 60_000;

/** Longest query interval a firewall can be set to (60 s), one check-in of the agent that answers it, and 10 s of grace. */
export const FIREWALL_QUIET_MS = 90_000;
/** Three missed queries of the slowest setting. */
export const FIREWALL_SILENT_MS = 200_000;

/** How long an agent may take to say its first word after enrolment. */
export const FIRST_WORD_MS = 120_000;
/** From this age of the oldest unsent event on the cloud's answers are behind. */
export const BACKLOG_MS = 120_000;
/** An agent renews its certificate at half of its seven days; with less than this left, renewal does not work. */
export const CERTIFICATE_SHORT_MS = 86_400_000;
/** A site where nobody was seen for a day: worth a look even if every source says that it works. */
export const NOBODY_MS = 86_400_000;
