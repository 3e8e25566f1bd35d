#!/usr/bin/env node
import { runCli } from "./cli/program.ts";
import { processEnvironment } from "./config.ts";
import { signalOnTerminate } from "./supervisor/terminate.ts";

process.exitCode = await runCli(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  environment: processEnvironment(),
  now: Date.now,
  untilTerminated: signalOnTerminate,
});
