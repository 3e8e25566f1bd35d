/**
 * How pages keep their rows true. The event stream is the bell; this is the fallback, and what shows that time alone has
 * changed something (an agent that has gone quiet sends no event).
 */
export const LIVE = { refetchInterval: 15_000 } as const;
