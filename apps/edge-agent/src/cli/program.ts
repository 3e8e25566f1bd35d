import { ConfigError, formatIssue } from "@rollcall/config";
import { LOG_LEVELS } from "@rollcall/observability";
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { AgentError, messageOf } from "../agent-error.ts";
import type { Environment, Flags } from "../config.ts";
import type { RelayFlags } from "../relay/relay-settings.ts";
import { VERSION } from "../version.ts";
import { completionScript, SHELLS, type Shell } from "./completion.ts";
import { configNewSecretCommand, configShowCommand, configValidateCommand } from "./config-command.ts";
import { credentialsResumeCommand } from "./credentials-command.ts";
import { type DoctorCommandOptions, doctorCommand } from "./doctor-command.ts";
import { type EnrollOptions, enrollCommand } from "./enroll-command.ts";
import { type DecodeOptions, EVENT_FORMS, EXPLAINED_AS, eventsDecodeCommand } from "./events-command.ts";
import { EXIT, exitCodeHelp } from "./exit-codes.ts";
import { explainCommand } from "./explain-command.ts";
import type { CommandContext, GlobalOptions } from "./host.ts";
import { legacyListenerCommand } from "./legacy-listener-command.ts";
import { probeCommand } from "./probe-command.ts";
import { runCommand } from "./run-command.ts";
import { type ShadowOptions, shadowCommand } from "./shadow-command.ts";
import { srxGoldensCommand, srxProfileCommand, srxRelayCommand } from "./srx-command.ts";
import { statusCommand } from "./status-command.ts";
import { createTerminal, printable, type Terminal, type TerminalOptions } from "./terminal.ts";
import { wefComputersCommand, wefPolicyCommand } from "./wef-command.ts";
import { whoCommand } from "./who-command.ts";

export interface CliHost extends Pick<TerminalOptions, "stdin" | "stdout" | "stderr"> {
  readonly environment: Environment;
  readonly now: () => number;
  untilTerminated(): AbortSignal;
}

/**
 * Runs one command line and gives the exit code.
 *
 * Shape:  what went wrong is said on standard error as a sentence, with what to do about it and a code.
 * Errors: none thrown.
 */
export async function runCli(argv: readonly string[], host: CliHost): Promise<number> {
  let code: number = EXIT.ok;
  // A reader that went away (`| head`, a log shipper that was restarted) must not end an agent.
  for (const stream of [host.stdout, host.stderr]) stream.on("error", () => undefined);
  const program = createProgram(host, (exit) => {
    code = exit;
  });
  try {
    await program.parseAsync(argv, { from: "user" });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    const { color } = program.opts<GlobalOptions>();
    return explain(error, createTerminal({ ...host, mayAsk: false, mayColour: color }));
  }
}

function createProgram(host: CliHost, done: (exit: number) => void): Command {
  const program = new Command("rollcall-agent");
  const contextOf = (flags: Flags): CommandContext => {
    const globals = program.opts<GlobalOptions>();
    return {
      terminal: createTerminal({ ...host, mayAsk: globals.input, mayColour: globals.color }),
      environment: host.environment,
      flags: globals.stateDir === undefined ? flags : { ...flags, stateDir: globals.stateDir },
      now: host.now,
      untilTerminated: host.untilTerminated,
    };
  };
  const output = (): Option =>
    new Option("-o, --output <form>", "how to print").choices(["table", "json"]).default("table");
  const statusListen = (): Option =>
    new Option("--status-listen <host:port>", "where the running agent answers");

  program
    .description("Tells identity-aware firewalls who is behind an address.")
    .option("--state-dir <folder>", "the agent's own folder (ROLLCALL_STATE_DIR)")
    .option("--no-color", "no colours (NO_COLOR)")
    .option("--no-input", "never ask a question")
    .showSuggestionAfterError()
    .showHelpAfterError("(rollcall-agent --help shows the commands)")
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void host.stdout.write(text),
      writeErr: (text) => void host.stderr.write(text),
    })
    .addHelpText(
      "after",
      () =>
        `\n${examples}\n\nA flag wins over the environment (ROLLCALL_*), which wins over the file.\n\n${exitCodeHelp()}`,
    );

  program
    .command("enroll")
    .alias("enrol")
    .description("make this machine an agent of the portal, with an onboarding file")
    .argument("[file]", "the file that the portal made")
    .option("--stdin", "read the file from standard input")
    .option("-y, --yes", "do not ask")
    .option(
      "--trust <trust.pem>",
      "who may sign onboarding files; without it the first file's key is trusted",
    )
    .option("--keep-file", "do not destroy the file after success")
    .action(async (file: string | undefined, options: EnrollOptions) =>
      done(await enrollCommand(file, options, contextOf({}))),
    );

  program
    .command("run")
    .description("collect, keep the table, answer firewalls; runs until it is told to stop")
    .option(
      "--config <file>",
      "local configuration (YAML); enough to run without any portal (ROLLCALL_CONFIG)",
    )
    .option("--firewall-listen <host:port>", "where firewalls ask, or off (ROLLCALL_FIREWALL_LISTEN)")
    .option(
      "--legacy-listen <host:port>",
      "where firewalls that speak only TLS 1.0 or 1.1 ask, while the configuration allows it, or off (ROLLCALL_LEGACY_LISTEN)",
    )
    .option(
      "--syslog-listen <host:port>",
      "where syslog arrives, UDP and TCP, or off (ROLLCALL_SYSLOG_LISTEN)",
    )
    .option(
      "--status-listen <host:port>",
      "where status and who ask, loopback only, or off (ROLLCALL_STATUS_LISTEN)",
    )
    .option("--max-spool-bytes <bytes>", "bound of the agent's store (ROLLCALL_MAX_SPOOL_BYTES)")
    .addOption(
      new Option("--log-level <level>", "how much is logged (ROLLCALL_LOG_LEVEL)").choices(LOG_LEVELS),
    )
    .option(
      "--plain-firewall-listen <host:port>",
      "for a first look at a firewall: answer without TLS for one hour; nothing is encrypted, needs --plain-firewall-from",
    )
    .option(
      "--plain-firewall-from <addresses>",
      "the firewalls that --plain-firewall-listen answers, parted by commas; repeatable",
      collect,
    )
    .option(
      "--shadow",
      "run beside another server (`shadow:` in the file): compare its table with this one, answer no firewall",
    )
    .action(async (flags: Flags) => done(await runCommand(contextOf(flags))));

  program
    .command("legacy-listener", { hidden: true })
    .description("started by the agent itself")
    .action(async () => done(await legacyListenerCommand(contextOf({}), host.stdin)));

  program
    .command("status")
    .description("what works, what does not, and what to do first")
    .option("-w, --watch", "draw it again every two seconds")
    .addOption(output())
    .addOption(statusListen())
    .action(async (options: Flags & { watch?: boolean; output: "table" | "json" }) =>
      done(await statusCommand(options, contextOf(options))),
    );

  program
    .command("who")
    .description("who is at an address, or where somebody is: the same that firewalls are told")
    .argument("<address-or-user>", "10.1.2.3, 2001:db8::1, ana or corp\\ana", notEmpty)
    .option("--explain", "also everything that was said of it, and what became of each")
    .addOption(output())
    .addOption(statusListen())
    .action(async (asked: string, options: Flags & { output: "table" | "json"; explain?: boolean }) =>
      done(await whoCommand(asked, options, contextOf(options))),
    );

  program
    .command("credentials")
    .description("logins at Windows servers")
    .command("resume")
    .description("try a login once more that was paused after two refusals")
    .argument("<id>", "its id in the configuration", notEmpty)
    .addOption(statusListen())
    .action(async (id: string, options: Flags) =>
      done(await credentialsResumeCommand(id, contextOf(options))),
    );

  program
    .command("explain")
    .description(
      "why an address is answered as it is: everything that was said of it, and which rule decided",
    )
    .argument("<address>", "10.1.2.3 or 2001:db8::1", notEmpty)
    .option("--space <id>", "only in this address space")
    .option("--json", "the same as -o json")
    .addOption(output())
    .addOption(statusListen())
    .action(
      async (asked: string, options: Flags & { output: "table" | "json"; json?: boolean; space?: string }) =>
        done(
          await explainCommand(
            asked,
            { ...options, output: options.json === true ? "json" : options.output },
            contextOf(options),
          ),
        ),
    );

  program
    .command("probe")
    .description("ask the computer at an address who sits there, now, and take what it says for firewalls")
    .argument("<address>", "10.1.2.3 or 2001:db8::1", notEmpty)
    .addOption(output())
    .addOption(statusListen())
    .action(async (asked: string, options: Flags & { output: "table" | "json" }) =>
      done(await probeCommand(asked, options, contextOf(options))),
    );

  program
    .command("doctor")
    .description("examine every source and this machine: what works, what does not, and what to do about it")
    .option("--source <id>", "only this source")
    .option(
      "--config <file>",
      "a local configuration, before an agent runs with it; without it the running agent is asked",
    )
    .addOption(output())
    .option("--json", "the same as -o json")
    .addOption(statusListen())
    .action(async (options: Flags & DoctorCommandOptions & { json?: boolean }) =>
      done(
        await doctorCommand(
          { ...options, output: options.json === true ? "json" : options.output },
          contextOf(options),
        ),
      ),
    );

  const config = program
    .command("config")
    .description("check or show the configuration of this machine; make a firewall's secret");
  config
    .command("validate")
    .description("check a configuration file as run would read it; tells every fault at once")
    .option("--config <file>", "the file to check")
    .action((flags: Flags) => done(configValidateCommand(contextOf(flags))));
  config
    .command("show")
    .description("how the agent would run, and where each value comes from")
    .option("--config <file>", "the local file")
    .addOption(statusListen())
    .action(async (flags: Flags) => done(await configShowCommand(contextOf(flags))));
  config
    .command("new-secret")
    .description("make a client secret for a firewall, and the verifier of it that goes into the file")
    .option("--stdin", "do not make one: read the secret from standard input and print its verifier")
    .action(async (options: { stdin?: boolean }) =>
      done(await configNewSecretCommand(contextOf({}), options)),
    );

  program
    .command("shadow")
    .description("compare this agent's table with that of the server it runs beside (run --shadow)")
    .option("--export <file>", "write every difference to a file: CSV where it ends in .csv, else NDJSON")
    .addOption(output())
    .option("--json", "the same as -o json")
    .addOption(statusListen())
    .action(async (options: Flags & ShadowOptions) =>
      done(await shadowCommand(options, contextOf({ ...options, shadow: false }))),
    );

  const events = program
    .command("events")
    .description("what Windows event logs say, without an agent that runs")
    .addHelpText("after", eventsHelp);
  events
    .command("decode")
    .description("print event log files record by record")
    .argument("<file...>", "event log files (.evtx), or - for standard input")
    .addOption(new Option("-o, --output <form>", "how to print").choices(EVENT_FORMS).default("ndjson"))
    .option("--ids <numbers>", "only events of these numbers, parted by commas", eventIds)
    .option("--since <time>", "only events from then on, as in 2026-11-25T08:00Z", timeOf)
    .option("--explain", "say what the event rules would make of each", false)
    .addOption(
      new Option("--as <kind>", "with --explain: which kind of source the file is read as")
        .choices(EXPLAINED_AS)
        .default("domain-controller"),
    )
    .option("--controller <name>", "with --explain: a domain controller; repeatable", collect)
    .action(async (files: readonly string[], options: DecodeOptions) =>
      done(await eventsDecodeCommand(files, options, contextOf({}))),
    );

  const wef = program
    .command("wef")
    .description("event forwarding: what is to be set at the computers, and who forwards");
  wef
    .command("policy")
    .description("the group policy, the certificates and the rights that computers need to forward here")
    .option("--config <file>", "of this file; without it, of the running agent")
    .addOption(statusListen())
    .action(async (flags: Flags) => done(await wefPolicyCommand(contextOf(flags))));
  wef
    .command("computers")
    .description("computers that forward, last heard first")
    .addOption(output())
    .addOption(statusListen())
    .action(async (options: Flags & { output: "table" | "json" }) =>
      done(await wefComputersCommand(options, contextOf(options))),
    );

  const srx = program
    .command("srx")
    .description(
      "learn how a firewall and its present server speak: record their traffic, make a profile of it",
    )
    .addHelpText("after", srxHelp);
  srx
    .command("relay")
    .description(
      "stand between firewalls and the server they ask now: pass every byte on, record it without names",
    )
    .requiredOption("--listen <host:port>", "required: where the firewalls ask from now on")
    .requiredOption(
      "--upstream <url>",
      "required: the server they asked before, as in https://jims.example:443",
    )
    .requiredOption(
      "--from <addresses>",
      "required: the firewalls that may connect, parted by commas; repeatable",
      collect,
    )
    .requiredOption("--record <folder>", "required: a new folder for the recording; made with mode 0700")
    .option("--for <time>", "how long, as in 90s, 60m or 2h; at most 8h, with --plain 60m", "60m")
    .option("--upstream-ca <file>", "PEM of the CA of the server's certificate, or the certificate itself")
    .option("--insecure-upstream", "do not check the server's certificate")
    .option("--cert <file>", "the certificate that firewalls are shown (PEM); else one is made")
    .option("--key <file>", "its private key (PEM)")
    .option("--name <name>", "a name or address for the certificate that is made; repeatable", collect)
    .option("--plain", "plain HTTP towards the firewalls, for the first look: nothing is encrypted")
    .option("--consent <text>", "who agreed to this recording, written into the folder")
    .option(
      "--keep-word <word>",
      "a word of a path or field that names nobody and may be written; repeatable",
      collect,
    )
    .action(async (options: RelayFlags) => done(await srxRelayCommand(options, contextOf({}))));
  srx
    .command("profile")
    .description("make a profile of how the recorded server answers, and say how sure each part of it is")
    .argument("<folder>", "the folder of the recording")
    .option("-o, --output <file>", "where the profile goes; standard output where absent")
    .action((folder: string, options: { output?: string }) =>
      done(srxProfileCommand(folder, options, contextOf({}))),
    );
  srx
    .command("goldens")
    .description("write the recorded messages as golden files for tests")
    .argument("<folder>", "the folder of the recording")
    .requiredOption("-o, --output <folder>", "required: a new folder for the files")
    .action((folder: string, options: { output: string }) =>
      done(srxGoldensCommand(folder, options, contextOf({}))),
    );

  program
    .command("version")
    .description("print the version")
    .action(() => void host.stdout.write(`${VERSION}\n`));
  program
    .command("completion")
    .description("print a completion script for a shell")
    .argument("<shell>", SHELLS.join(", "), shellOf)
    .action((shell: Shell) => void host.stdout.write(completionScript(program, shell)));

  for (const command of [
    ...program.commands,
    ...config.commands,
    ...events.commands,
    ...srx.commands,
    ...wef.commands,
  ])
    command.showHelpAfterError("(add --help to see how it is used)");
  return program;
}

const examples = `Examples:
  rollcall-agent enroll rollcall-onboarding-london.json
  rollcall-agent run
  rollcall-agent run --config site.yaml --firewall-listen 0.0.0.0:443
  rollcall-agent status --watch
  rollcall-agent who 10.1.2.3
  rollcall-agent explain 10.1.2.3
  rollcall-agent events decode Security.evtx --explain
  rollcall-agent config new-secret
  rollcall-agent run --config site.yaml --shadow
  rollcall-agent shadow --export differences.csv
  rollcall-agent srx --help`;

const eventsHelp = `
  rollcall-agent events decode Security.evtx | jq 'select(.eventId == 4768) | .data.TargetUserName'
  rollcall-agent events decode Security.evtx --ids 4624,4768 --explain -o table
  rollcall-agent events decode ForwardedEvents.evtx --as event-collector --controller dc1 --explain

decode ends with 0 when everything was read, 3 when a part could not be, 9 when a file is no event log.`;

function eventIds(text: string): ReadonlySet<number> {
  const ids = text.split(",").map((one) => one.trim());
  if (!ids.every((id) => /^\d{1,5}$/.test(id)))
    throw new InvalidArgumentError("Give numbers parted by commas, as in 4624,4768.");
  return new Set(ids.map(Number));
}

function timeOf(text: string): number {
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw new InvalidArgumentError("Give a time as in 2026-11-25T08:00Z.");
  return time;
}

const srxHelp = `
A first contact, in the order of the runbook (docs/runbooks/first-contact.md):
  rollcall-agent srx relay --listen 0.0.0.0:443 --upstream https://jims.example:443 \\
      --upstream-ca jims-ca.pem --from 10.0.0.1 --record recording --consent "IT of Example Ltd, 25 Nov"
  rollcall-agent srx profile recording -o profile.json
  rollcall-agent srx goldens recording -o goldens

relay ends with 0 when its time is up or it is stopped, 1 when the server cannot be used or the disk refused pairs.
profile ends with 3 when an answer could not be written again byte for byte, 9 when the profile is not whole.`;

/** An option that may be given more than once. */
function collect(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}

function notEmpty(text: string): string {
  if (text.trim() === "") throw new InvalidArgumentError("Say an address or a user.");
  return text.trim();
}

function shellOf(text: string): Shell {
  const shell = SHELLS.find((word) => word === text);
  if (shell === undefined) throw new InvalidArgumentError(`Choose one of ${SHELLS.join(", ")}.`);
  return shell;
}

/** Says what went wrong and gives the exit code: the one place where faults become words and numbers. */
function explain(error: unknown, terminal: Terminal): number {
  if (error instanceof ConfigError) {
    terminal.talk(`${terminal.tint("rollcall-agent:", "bad", "talk")} ${error.origin} cannot be used:`);
    for (const issue of error.issues) terminal.talk(`  ${printable(formatIssue(issue))}`);
    return EXIT.invalid;
  }
  if (error instanceof AgentError) {
    terminal.talk(`${terminal.tint("rollcall-agent:", "bad", "talk")} ${printable(error.message)}`);
    if (error.remedy !== null) terminal.talk(`  ${printable(error.remedy)}`);
    terminal.talk(terminal.tint(`  (${error.code})`, "dim", "talk"));
    return EXIT[error.exit];
  }
  terminal.talk(`${terminal.tint("rollcall-agent:", "bad", "talk")} ${printable(messageOf(error))}`);
  return EXIT.failed;
}
