import { type Command, Option } from "commander";
import { canonicalAddress } from "../address.ts";
import { Firewall } from "../firewall.ts";
import { type OutputForm, printTable } from "../print-table.ts";
import type { PushedUser } from "../server-link.ts";
import { addServerFlags, primaryFrom, type ServerFlags, UsageError } from "./server-flags.ts";
import type { Surroundings } from "./surroundings.ts";

interface PushFlags extends ServerFlags {
  readonly user?: string;
  readonly domain?: string;
  readonly state?: string;
  readonly as: PushedUser["as"];
  readonly output: OutputForm;
}

/** `srx push ADDRESS`: a captive portal's logon, or a state of a remote access connection. */
export function addPushCommand(program: Command, { out, stopping }: Surroundings): void {
  addServerFlags(program.command("push <address>"))
    .description("report who has logged on at one address, and ask for his groups")
    .option("--user <name>", "user id, DOMAIN\\user or user@realm; may be left out with --state disconnect")
    .option("--domain <name>", "his domain")
    .option("--state <word>", "connect, rekey or disconnect; without it a captive portal's logon")
    .addOption(
      new Option("--as <form>", "how it is sent").choices(["query", "form", "json", "xml"]).default("query"),
    )
    .addOption(
      new Option("-o, --output <form>", "json and ndjson print null where the server names nobody")
        .choices(["table", "json", "ndjson"])
        .default("table"),
    )
    .action(async (text: string, flags: PushFlags) => {
      const address = canonicalAddress(text);
      if (address === null) throw new UsageError(`"${text}" is not an IP address`);
      const { user, domain, state, as } = flags;
      if (user === undefined && state === undefined)
        throw new UsageError("nobody is reported: give --user NAME, or --state disconnect");
      const firewall = new Firewall({ primary: primaryFrom(flags) });
      const stop = () => void firewall.stop();
      stopping.addEventListener("abort", stop);
      try {
        const outcome = await firewall.push({ address, user, domain, state, as });
        const entry = outcome.kind === "known" ? outcome.entry : null;
        if (flags.output !== "table") out(`${JSON.stringify(entry)}\n`);
        else out(entry ? printTable([entry], "table") : `The server names nobody at ${address}.\n`);
      } finally {
        stopping.removeEventListener("abort", stop);
        await firewall.stop();
      }
    });
}
