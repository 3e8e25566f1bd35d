/** How a command can end. Scripts rely on the numbers: they are never re-used for another meaning. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  degraded: 3,
  broken: 4,
  "not-enrolled": 5,
  "not-running": 6,
  "portal-unreachable": 7,
  "no-permission": 8,
  invalid: 9,
  "timed-out": 10,
  refused: 11,
  interrupted: 130,
} as const;

export type ExitName = keyof typeof EXIT;

const MEANINGS: Readonly<Record<ExitName, string>> = {
  ok: "done, healthy",
  failed: "unexpected failure",
  usage: "wrong use",
  degraded: "degraded (status)",
  broken: "broken (status), a check failed (doctor), or no answer (probe)",
  "not-enrolled": "not enrolled",
  "not-running": "the agent does not run here, or does not answer",
  "portal-unreachable": "the portal's gateway cannot be reached; local work goes on",
  "no-permission": "no permission, or the onboarding file was refused",
  invalid: "a file or configuration is not valid",
  "timed-out": "time-out",
  refused: "refused: managed by the portal",
  interrupted: "interrupted",
};

/** The table that `--help` shows. */
export function exitCodeHelp(): string {
  const lines = Object.entries(EXIT).map(
    ([name, code]) => `  ${String(code).padStart(3)}  ${MEANINGS[name as ExitName]}`,
  );
  return ["Exit codes:", ...lines].join("\n");
}
