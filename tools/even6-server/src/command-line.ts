import { readFileSync } from "node:fs";
import { Command, CommanderError, InvalidArgumentError } from "commander";
import { accountsOf, controlServer } from "./control.ts";
import { startEventServer } from "./event-server.ts";
import { readMoulds } from "./moulds.ts";

/** What the program may touch of the process that runs it. */
export interface Surroundings {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Aborts on SIGTERM and SIGINT. */
  readonly stopping: AbortSignal;
}

interface Flags {
  readonly host: string;
  readonly mapperPort: number;
  readonly servicePort: number;
  readonly controlPort: number;
  readonly computer: string;
  readonly domain: string;
  readonly channel: string[];
  readonly accounts: string;
  readonly evtx: string[];
  readonly serve?: string;
}

const MORE = `
The accounts file is JSON: [{"user": "svc-events", "password": "...", "mayRead": true}].

One line of JSON says at which ports it answers. The control port takes POST, with a JSON body:
  /add            {"channel","eventId","like":{},"set":{},"at","computer"} or {"channel","records":[...]}
  /add-plain      {"channel","provider","eventId","data":{},"at"}
  /pour           {"channel","perSecond","records":[...]}; 0 a second ends it
  /clear          {"channel","countsAnew"}
  /roll-over      {"channel","keep"}
  /stop /start /drop
  /slow           {"ms"}
  /accounts       {"accounts":[...]}
  /refuse-queries {"with": "text" or null}
  /state          {"channel"}

Exit codes: 0 stopped by a signal, 1 a fault, 2 wrong usage.
`;

/** Runs one command line to its end and gives the exit code; never throws. */
export async function runCommandLine(args: readonly string[], surroundings: Surroundings): Promise<number> {
  const program = new Command("even6-server")
    .description("A Windows event log service for tests: serves real records, and does what it is told.")
    .addHelpText("after", MORE)
    .exitOverride()
    .configureOutput({ writeOut: surroundings.out, writeErr: surroundings.err })
    .option("--host <address>", "where it listens", "127.0.0.1")
    .option("--mapper-port <port>", "endpoint mapper; 135 on Windows", portOf, 0)
    .option("--service-port <port>", "event log service", portOf, 0)
    .option("--control-port <port>", "where tests and people steer it, on loopback", portOf, 0)
    .requiredOption("--computer <name>", "full DNS name, written into its records")
    .option("--domain <name>", "NetBIOS name of the domain", "TEST")
    .option("--channel <path...>", "logs that it has", ["Security", "System", "ForwardedEvents"])
    .requiredOption("--accounts <file>", "JSON file of the accounts that it lets in")
    .option("--evtx <file...>", "event log files that its records are made after", [])
    .option("--serve <channel>", "fill this log with the records of the files as they are")
    .action((flags: Flags) => serve(flags, surroundings));
  try {
    await program.parseAsync([...args], { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    surroundings.err(`even6-server: ${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
}

async function serve(flags: Flags, { out, stopping }: Surroundings): Promise<void> {
  const { moulds, damaged } = readMoulds(flags.evtx);
  const server = await startEventServer({
    host: flags.host,
    mapperPort: flags.mapperPort,
    servicePort: flags.servicePort,
    computer: flags.computer,
    domain: flags.domain,
    channels: flags.channel,
    accounts: accountsOf(JSON.parse(readFileSync(flags.accounts, "utf8"))),
    moulds,
  });
  if (flags.serve !== undefined) for (const { binXml } of moulds) server.log(flags.serve).add(binXml);
  const control = controlServer(server);
  await new Promise<void>((resolve, reject) => {
    control.once("error", reject);
    control.listen(flags.controlPort, "127.0.0.1", resolve);
  });
  const address = control.address();
  const controlPort = typeof address === "object" && address !== null ? address.port : 0;
  const { mapperPort, servicePort } = server;
  out(
    `${JSON.stringify({ host: flags.host, mapperPort, servicePort, controlPort, moulds: moulds.length, damaged })}\n`,
  );
  await new Promise<void>((resolve) => {
    if (stopping.aborted) resolve();
    else stopping.addEventListener("abort", () => resolve(), { once: true });
  });
  control.closeAllConnections();
  control.close();
  await server.stop();
}

function portOf(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65535) throw new InvalidArgumentError("Not a port.");
  return port;
}
