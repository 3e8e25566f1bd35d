#!/usr/bin/env node
import { restartWithTidyAllocator } from "./supervisor/tidy-allocator.ts";

const args = process.argv.slice(2);
// Only the daemon: the other commands are over before it matters.
if (args.includes("run"))
  restartWithTidyAllocator({
    platform: process.platform,
    environment: process.env,
    restart: process.execve?.bind(process, process.execPath, [
      process.execPath,
      ...process.execArgv,
      ...process.argv.slice(1),
    ]),
  });

// Loaded only now: a start that begins anew should have done nothing yet.
const { runCli } = await import("./cli/program.ts");
const { processEnvironment } = await import("./config.ts");
const { signalOnTerminate } = await import("./supervisor/terminate.ts");

process.exitCode = await runCli(args, {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  environment: processEnvironment(),
  now: Date.now,
  untilTerminated: signalOnTerminate,
});
