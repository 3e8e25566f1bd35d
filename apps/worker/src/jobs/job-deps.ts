import type { Database } from "@rollcall/db";
import type { Logger, ReportError } from "@rollcall/observability";
import type { Bell } from "@rollcall/queue";

/** What every job may use. */
export interface JobDeps {
  readonly database: Database;
  readonly bell: Bell;
  readonly log: Logger;
  readonly report: ReportError;
  /** Epoch ms. */
  now(): number;
}
