import { availableParallelism, cpus } from "node:os";
import { parseArgs } from "node:util";
import { agentMemory } from "./agent-memory.ts";
import { agentStart } from "./agent-start.ts";
import { directoryMemory } from "./directory-memory.ts";
import { directorySync } from "./directory-sync.ts";
import { eventDecoding } from "./event-decoding.ts";
import { eventForwarding } from "./event-forwarding.ts";
import { eventCatchUp, eventRate } from "./event-rate.ts";
import { type Figure, say } from "./figure.ts";
import { firewallPages } from "./firewall-pages.ts";
import { firewallPolls } from "./firewall-polls.ts";
import { fullTable, fullTable100 } from "./full-table.ts";
import { ledgerIngest } from "./ledger-ingest.ts";
import { observationCost } from "./observation-cost.ts";
import { observationToCloudFirewall } from "./observation-to-cloud-firewall.ts";
import { observationToFirewall } from "./observation-to-firewall.ts";
import { steadyLoad } from "./steady-load.ts";
import { syslogLines } from "./syslog-lines.ts";

/**
 * Measures the product on this machine: `npm run bench`, `-- --list`, `-- --only NAME`.
 *
 * Shape:  one JSON line a figure on stdout (name, value, unit, limit, ratio); talk on stderr. The limit is measured
 *         in the same run on the same machine, so a ratio means the same on a slow one.
 * Errors: exit code 1 when a figure could not be measured; with --skip-missing not for tools that are not installed.
 */
const figures: readonly Figure[] = [
  firewallPolls,
  firewallPages,
  fullTable,
  fullTable100,
  steadyLoad,
  observationToFirewall,
  observationToCloudFirewall,
  agentMemory,
  agentStart,
  observationCost,
  syslogLines,
  ledgerIngest,
  eventDecoding,
  eventRate,
  eventCatchUp,
  eventForwarding,
  directorySync,
  directoryMemory,
];

// Debian keeps nginx where the path of an ordinary user does not lead.
process.env.PATH = `${process.env.PATH ?? ""}:/usr/sbin`;

const { values: args } = parseArgs({
  options: {
    list: { type: "boolean", default: false },
    only: { type: "string", multiple: true, default: [] },
    "skip-missing": { type: "boolean", default: false },
    seconds: { type: "string", default: "5" },
    rounds: { type: "string", default: "3" },
    sessions: { type: "string", default: "500000" },
  },
});

if (args.list) {
  for (const { name, what } of figures) console.log(`${name.padEnd(18)} ${what}`);
  process.exit(0);
}

const unknown = args.only.filter((name) => !figures.some((figure) => figure.name === name));
const seconds = Number(args.seconds);
const rounds = Number(args.rounds);
const sessions = Number(args.sessions);
if (unknown.length > 0 || !(seconds > 0) || !(rounds >= 1) || !(sessions >= 1000)) {
  say(
    unknown.length > 0
      ? `There is no figure ${unknown.join(", ")}. Figures: ${figures.map(({ name }) => name).join(", ")}.`
      : "--seconds and --rounds take a number above zero.",
  );
  process.exit(2);
}

say(
  `${cpus()[0]?.model ?? "unknown processor"}, ${availableParallelism()} cores, Node ${process.versions.node}`,
);
let failures = 0;
for (const figure of figures) {
  if (args.only.length > 0 && !args.only.includes(figure.name)) continue;
  say(`${figure.name}: ${figure.what}`);
  try {
    const measured = await figure.measure({ seconds, rounds, sessions });
    for (const one of "kind" in measured ? [measured] : measured) {
      if (one.kind === "measured") console.log(JSON.stringify(one.line));
      else {
        say(`${figure.name} is not measured: ${one.sentence}`);
        if (!args["skip-missing"]) failures += 1;
      }
    }
  } catch (error) {
    say(`${figure.name} failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    failures += 1;
  }
}
process.exit(failures === 0 ? 0 : 1);
