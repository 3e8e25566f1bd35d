import { ConfigError } from "@rollcall/config";
import { createLogger } from "@rollcall/observability";
import { readWorkerConfig } from "./config.ts";
import { supervise, untilTerminated } from "./process/supervise.ts";
import { buildWorker } from "./worker.ts";

try {
  const config = readWorkerConfig(process.env);
  const log = createLogger({ name: "worker", level: config.logLevel });
  process.exitCode = await supervise(buildWorker(config, log), {
    log,
    until: untilTerminated(),
    stopBudgetMs: config.stopBudgetMs,
  });
  // A part that did not stop in time may hold a connection open: it must not hold the process.
  setTimeout(() => process.exit(), 1000).unref();
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  process.stderr.write(`rollcall worker: ${error.message}\n`);
  process.exitCode = 2;
}
