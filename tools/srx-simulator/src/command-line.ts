import { Command, CommanderError } from "commander";
import { addIpCommand } from "./commands/ip-command.ts";
import { addLoadCommand } from "./commands/load-command.ts";
import { addPushCommand } from "./commands/push-command.ts";
import { addRunCommand } from "./commands/run-command.ts";
import { UsageError } from "./commands/server-flags.ts";
import type { Surroundings } from "./commands/surroundings.ts";
import { type FaultKind, SimulatorFault } from "./simulator-fault.ts";

const EXIT_CODES = `
Exit codes:
  0  done, or stopped by SIGTERM or SIGINT
  1  a fault of the simulator itself
  2  wrong usage: an unknown flag, a file that cannot be read, a taken control port
  3  the server refuses the client id or secret, or its own token
  4  no connection: refused, timed out, closed, or the name is unknown
  5  TLS: the certificate is not trusted, is for another name, or the port does not speak TLS
  6  the server answered, but not with a usable answer
run without --once goes on after a failed query, as a firewall does: it says what failed and tries again.
`;

const EXIT_CODE_OF: Record<FaultKind, number> = {
  "credentials-refused": 3,
  "token-refused": 3,
  unreachable: 4,
  timeout: 4,
  "tls-untrusted": 5,
  "tls-mismatch": 5,
  "http-status": 6,
  "malformed-body": 6,
  stopped: 0,
};

/** Runs one command line to its end and gives the exit code; never throws. */
export async function runCommandLine(args: readonly string[], surroundings: Surroundings): Promise<number> {
  const program = new Command("srx")
    .description("A stand-in for a Juniper SRX: asks a server who is at which address, and keeps the table.")
    .addHelpText("after", EXIT_CODES)
    .exitOverride()
    .configureOutput({ writeOut: surroundings.out, writeErr: surroundings.err });
  // Commands take over exitOverride and output only when they are added afterwards.
  addRunCommand(program, surroundings);
  addIpCommand(program, surroundings);
  addPushCommand(program, surroundings);
  addLoadCommand(program, surroundings);
  for (const command of program.commands) command.addHelpText("after", EXIT_CODES);
  try {
    await program.parseAsync([...args], { from: "user" });
    return 0;
  } catch (error) {
    return explain(error, surroundings);
  }
}

function explain(error: unknown, { err, stopping }: Surroundings): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof UsageError) {
    err(`srx: ${error.message}\n`);
    return 2;
  }
  if (stopping.aborted) return 0;
  if (error instanceof SimulatorFault) {
    err(`srx: ${error.message}\n  remedy: ${error.remedy}\n`);
    return EXIT_CODE_OF[error.code];
  }
  err(
    `srx: a fault of the simulator itself: ${error instanceof Error ? (error.stack ?? error.message) : error}\n`,
  );
  return 1;
}
