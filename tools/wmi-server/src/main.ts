import { readFileSync } from "node:fs";
import { Command } from "commander";
import { startFakeComputer } from "./fake-computer.ts";

interface Flags {
  readonly host: string;
  readonly wmiPort: string;
  readonly winrmPort?: string;
  readonly name: string;
  readonly domain?: string;
  readonly console?: string;
  readonly remote: readonly string[];
  readonly user: string;
  readonly passwordFile: string;
}

const program = new Command("wmi-server")
  .description(
    "A stand-in for a Windows computer that is asked who sits there, by WMI over DCOM and by WinRM.",
  )
  .requiredOption("--host <address>", "the address it listens at")
  .option("--wmi-port <port>", "where objects are asked for; 135 on Windows", "135")
  .option("--winrm-port <port>", "where WinRM listens; 5985 on servers, and nowhere on clients")
  .option("--name <name>", "the computer's name", "PC-1")
  .option("--domain <name>", "DNS name of its domain; a workgroup where absent")
  .option("--console <user>", "DOMAIN\\user at the console; nobody where absent")
  .option("--remote <users...>", "DOMAIN\\user of each session over the network", [])
  .requiredOption("--user <name>", "the account that may ask")
  .requiredOption("--password-file <file>", "file that holds its password")
  .parse();

const flags = program.opts<Flags>();
const computer = await startFakeComputer({
  host: flags.host,
  wmiPort: Number(flags.wmiPort),
  winrmPort: flags.winrmPort === undefined ? null : Number(flags.winrmPort),
  name: flags.name,
  domain: flags.domain ?? null,
  seats: { console: flags.console ?? null, remote: flags.remote },
  accounts: [{ user: flags.user, password: readFileSync(flags.passwordFile, "utf8").replace(/\r?\n$/, "") }],
});
const winrm = computer.winrmPort === null ? "" : `, WinRM at port ${computer.winrmPort}`;
process.stderr.write(`${flags.host}: WMI at port ${computer.wmiPort}${winrm}\n`);
for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => void computer.close());
