import type { Command } from "commander";
import { runLoad } from "../load.ts";
import {
  addServerFlags,
  primaryFrom,
  type ServerFlags,
  secondsAbove0,
  secondsFrom0,
  wholeNumber,
} from "./server-flags.ts";
import type { Surroundings } from "./surroundings.ts";

interface LoadFlags extends ServerFlags {
  readonly firewalls: number;
  readonly seconds: number;
  readonly interval: number;
  readonly items: number;
  readonly ownTokens?: true;
}

/** `srx load`: many firewalls at once, one JSON line at the end. */
export function addLoadCommand(program: Command, { out, stopping }: Surroundings): void {
  addServerFlags(program.command("load"))
    .description("be many firewalls at once, and print one JSON line with what was measured")
    .option(
      "--firewalls <count>",
      "how many, each with its own connection and cookie",
      wholeNumber(10_000),
      10,
    )
    .option("--seconds <seconds>", "for how long", secondsAbove0, 10)
    .option("--interval <seconds>", "pause between batch queries; 0 for none", secondsFrom0, 5)
    .option("--items <count>", "entries asked for at once", wholeNumber(10_000), 200)
    .option("--own-tokens", "each firewall fetches its own token; without it they share one")
    .action(async (flags: LoadFlags) => {
      const { report, lastFault } = await runLoad({
        server: primaryFrom(flags),
        firewalls: flags.firewalls,
        seconds: flags.seconds,
        intervalMs: flags.interval * 1000,
        items: flags.items,
        ownTokens: flags.ownTokens === true,
        signal: stopping,
      });
      out(`${JSON.stringify(report)}\n`);
      if (report.polls === 0 && lastFault) throw lastFault;
    });
}
