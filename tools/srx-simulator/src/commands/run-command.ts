import type { Command } from "commander";
import { InvalidArgumentError, Option } from "commander";
import { openControlEndpoint } from "../control-endpoint.ts";
import { Firewall, type Notice } from "../firewall.ts";
import { type OutputForm, printTable } from "../print-table.ts";
import {
  addServerFlags,
  checkedUrl,
  primaryFrom,
  type SecondaryFlags,
  type ServerFlags,
  secondaryFrom,
  secondsAbove0,
  secondsFrom0,
  UsageError,
  wholeNumber,
} from "./server-flags.ts";
import type { Surroundings } from "./surroundings.ts";

interface RunFlags extends ServerFlags, SecondaryFlags {
  readonly interval: number;
  readonly items: number;
  readonly probeInterval: number;
  readonly entryTimeout: number;
  readonly once?: true;
  readonly output: OutputForm;
  readonly printEvery?: number;
  readonly control?: { host: string; port: number };
}

/** `srx run`: one firewall, until it is told to stop. */
export function addRunCommand(program: Command, surroundings: Surroundings): void {
  addServerFlags(program.command("run"))
    .description("be one firewall: poll, keep the authentication table, print it when it changes")
    .option("--secondary-url <url>", "the server to ask when the first one fails", checkedUrl)
    .option("--secondary-client-id <id>", "client id there (default: the same)")
    .option("--secondary-client-secret <secret>", "secret there (default: the same)")
    .option("--secondary-client-secret-file <file>", "file that holds the secret there")
    .option("--secondary-server-name <name>", "name to ask for and to check there (default: the same)")
    .option("--interval <seconds>", "pause between batch queries; an SRX allows 1 to 60", secondsAbove0, 5)
    .option(
      "--items <count>",
      "entries asked for at once; an SRX allows 100 to 1000",
      wholeNumber(10_000),
      200,
    )
    .option("--probe-interval <seconds>", "how often a failed primary is tried again", secondsAbove0, 15)
    .option(
      "--entry-timeout <seconds>",
      "drop an entry not refreshed for this long; 0 keeps it",
      secondsFrom0,
      0,
    )
    .option("--once", "one batch query with all its pages, print, end")
    .addOption(
      new Option("-o, --output <form>", "table and json print everything, ndjson one line a change")
        .choices(["table", "json", "ndjson"])
        .default("table"),
    )
    .option("--print-every <seconds>", "print at this pace instead of when something changed", secondsAbove0)
    .option("--control <address:port>", "serve GET /table, /counters and /health there", addressAndPort)
    .action((flags: RunFlags) => run(flags, surroundings));
}

async function run(flags: RunFlags, { out, err, stopping }: Surroundings): Promise<void> {
  const primary = primaryFrom(flags);
  const secondary = secondaryFrom(flags, primary);
  if (secondary?.url === primary.url) throw new UsageError("--secondary-url is the same server as --url");
  const isPaced = flags.printEvery !== undefined || flags.once === true;
  let hasChanged = false;
  const notices: Notice[] = [];
  const firewall = new Firewall({
    primary,
    secondary,
    intervalMs: flags.interval * 1000,
    items: flags.items,
    probeIntervalMs: flags.probeInterval * 1000,
    entryTimeoutMs: flags.entryTimeout * 1000,
    onNotice: (notice) => {
      if (flags.once) notices.push(notice);
      else err(`${textOf(notice)}\n`);
    },
    onChange: (change) => {
      if (change.kind === "repeat" || change.kind === "logoff-of-nobody") return;
      hasChanged = true;
      if (flags.output === "ndjson" && !isPaced)
        out(`${JSON.stringify({ change: change.kind, at: new Date().toISOString(), ...change.entry })}\n`);
    },
    onPolled: () => {
      if (!hasChanged || isPaced || flags.output === "ndjson") return;
      hasChanged = false;
      out(printTable(firewall.table(), flags.output));
    },
  });

  try {
    if (flags.once) {
      const outcome = await firewall.poll();
      if (outcome.kind === "failed") {
        // The primary's fault is said, with the exit code, by whoever catches it.
        for (const notice of notices.slice(1)) err(`${textOf(notice)}\n`);
        throw outcome.faults.at(0);
      }
      for (const notice of notices) err(`${textOf(notice)}\n`);
      out(printTable(firewall.table(), flags.output));
      return;
    }
    await runUntilStopped(firewall, flags, { out, err, stopping });
  } finally {
    await firewall.stop();
  }
}

async function runUntilStopped(firewall: Firewall, flags: RunFlags, at: Surroundings): Promise<void> {
  const control = flags.control ? await openControl(firewall, flags.control) : null;
  if (control) at.err(`control endpoint: ${control.url} (/table, /counters, /health)\n`);
  const printing =
    flags.printEvery === undefined
      ? null
      : setInterval(() => at.out(printTable(firewall.table(), flags.output)), flags.printEvery * 1000);
  try {
    const polling = firewall.start();
    await Promise.race([polling, aborted(at.stopping)]);
  } finally {
    if (printing) clearInterval(printing);
    await control?.close();
  }
}

async function openControl(firewall: Firewall, at: { host: string; port: number }) {
  try {
    return await openControlEndpoint(firewall, at);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "EADDRINUSE")
      throw new UsageError(
        `port ${at.port} of ${at.host} (--control) is taken: choose another, or 0 for any`,
      );
    throw new UsageError(`cannot listen at ${at.host}:${at.port} (--control): ${code ?? String(error)}`);
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

function textOf(notice: Notice): string {
  switch (notice.kind) {
    case "online":
      return `${notice.role} ${notice.url} is online`;
    case "failed-over":
      return `failed over to the secondary ${notice.url}`;
    case "taken-back":
      return `the primary ${notice.url} answers again and is taken back`;
    case "fault":
      return `${notice.role}: ${notice.fault.message}\n  remedy: ${notice.fault.remedy}`;
  }
}

function addressAndPort(text: string): { host: string; port: number } {
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  const host = match?.[1] ?? match?.[2];
  if (!host || port > 65_535) throw new InvalidArgumentError("Write ADDRESS:PORT, such as 127.0.0.1:0.");
  return { host, port };
}
