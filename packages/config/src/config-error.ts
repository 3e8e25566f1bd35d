/** One fault of a configuration: where it stands, what was expected there, and what to do. */
export interface ConfigIssue {
  /** `syslogSources[0].senders[1]`, an environment name, or "" for the whole. */
  readonly path: string;
  /** What is wrong and what was expected, as one sentence without a full stop. */
  readonly problem: string;
  readonly remedy?: string;
  /** In the file that was read, counted from 1. */
  readonly line?: number;
}

/** One line for people: `syslogSources[0].senders (line 12): … (remedy)`. */
export function formatIssue(issue: ConfigIssue): string {
  const where = issue.path === "" ? "(the whole)" : issue.path;
  const line = issue.line === undefined ? "" : ` (line ${issue.line})`;
  const remedy = issue.remedy === undefined ? "" : `; ${issue.remedy}`;
  return `${where}${line}: ${issue.problem}${remedy}`;
}

/** A configuration that cannot be used. Holds every fault, not the first one only. */
export class ConfigError extends Error {
  readonly code = "config-invalid";
  /** What was read: a file's path, or "environment". */
  readonly origin: string;
  readonly issues: readonly ConfigIssue[];

  constructor(origin: string, issues: readonly ConfigIssue[], options?: ErrorOptions) {
    const count = issues.length === 1 ? "1 fault" : `${issues.length} faults`;
    super(
      [`read configuration ${origin}: ${count}`, ...issues.map((i) => `  ${formatIssue(i)}`)].join("\n"),
      options,
    );
    this.name = "ConfigError";
    this.origin = origin;
    this.issues = issues;
  }
}
