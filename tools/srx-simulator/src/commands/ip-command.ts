import { type Command, Option } from "commander";
import { canonicalAddress } from "../address.ts";
import { Firewall } from "../firewall.ts";
import { type OutputForm, printTable } from "../print-table.ts";
import { addServerFlags, primaryFrom, type ServerFlags, UsageError } from "./server-flags.ts";
import type { Surroundings } from "./surroundings.ts";

interface IpFlags extends ServerFlags {
  readonly output: OutputForm;
}

/** `srx ip ADDRESS`: one IP query, as traffic from an address without an entry causes. */
export function addIpCommand(program: Command, { out, stopping }: Surroundings): void {
  addServerFlags(program.command("ip <address>"))
    .description("ask who is at one address")
    .addOption(
      new Option("-o, --output <form>", "json and ndjson print null for an unknown address")
        .choices(["table", "json", "ndjson"])
        .default("table"),
    )
    .action(async (text: string, flags: IpFlags) => {
      const address = canonicalAddress(text);
      if (address === null) throw new UsageError(`"${text}" is not an IP address`);
      const firewall = new Firewall({ primary: primaryFrom(flags) });
      const stop = () => void firewall.stop();
      stopping.addEventListener("abort", stop);
      try {
        const outcome = await firewall.queryIp(address);
        const entry = outcome.kind === "known" ? outcome.entry : null;
        if (flags.output !== "table") out(`${JSON.stringify(entry)}\n`);
        else out(entry ? printTable([entry], "table") : `The server knows nobody at ${address}.\n`);
      } finally {
        stopping.removeEventListener("abort", stop);
        await firewall.stop();
      }
    });
}
