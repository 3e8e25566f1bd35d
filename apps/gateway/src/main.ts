import { ConfigError } from "@rollcall/config";
import { createLogger } from "@rollcall/observability";
import { KeysFolderError } from "@rollcall/pki";
import { readGatewayConfig } from "./config.ts";
import { buildGateway } from "./gateway.ts";
import { supervise, untilTerminated } from "./process/supervise.ts";

try {
  const config = readGatewayConfig(process.env);
  const log = createLogger({ name: "gateway", level: config.logLevel });
  const gateway = await buildGateway(config, log);
  const exitCode = await supervise(gateway.parts, {
    log,
    until: untilTerminated(),
    beforeStop: gateway.beginStop,
    stopBudgetMs: 10_000,
  });
  // What did not stop within its budget was named in the log and must not keep the process.
  process.exit(exitCode);
} catch (error) {
  if (!(error instanceof ConfigError || error instanceof KeysFolderError)) throw error;
  process.stderr.write(`rollcall gateway: ${error.message}\n`);
  process.exitCode = 2;
}
