import { writeFileSync } from "node:fs";
import { AgentError } from "../agent-error.ts";
import { loadConfig } from "../config.ts";
import { exportDifferences } from "../shadow/export-differences.ts";
import { type ShadowDocument, shadowDocument } from "../shadow/shadow-document.ts";
import { stateFolderAt } from "../state/state-folder.ts";
import { readLocalToken } from "../status/local-token.ts";
import { ago } from "../status/render-status.ts";
import { askAgent } from "../status/status-client.ts";
import { EXIT } from "./exit-codes.ts";
import type { CommandContext } from "./host.ts";
import { printable, type Terminal } from "./terminal.ts";

const EXAMPLES_SHOWN = 3;

export interface ShadowOptions {
  readonly output: "table" | "json";
  readonly json?: boolean;
  readonly export?: string;
}

/** `shadow`: how this agent's table differs from the other server's. Ends with 3 where a difference lasts, 4 where nothing is compared. */
export async function shadowCommand(options: ShadowOptions, context: CommandContext): Promise<number> {
  const { settings } = loadConfig(context.flags, context.environment);
  if (settings.statusListen === null)
    throw new AgentError("not-running", "The status address is switched off.", { exit: "not-running" });
  const token = readLocalToken(stateFolderAt(settings.stateDir).localToken);
  const path = options.export === undefined ? "/shadow" : "/shadow?all";
  const report = await askAgent(settings.statusListen, path, shadowDocument, token).catch(
    (error: unknown) => {
      if (!(error instanceof AgentError) || error.code !== "not-ours") throw error;
      throw new AgentError("not-shadow", "The agent here does not run in shadow mode.", {
        cause: error,
        exit: "not-running",
        remedy: "Start it with: rollcall-agent run --shadow --config FILE (docs/runbooks/shadow-mode.md).",
      });
    },
  );
  const { terminal } = context;
  if (options.export !== undefined) {
    writeFileSync(
      options.export,
      exportDifferences(report.all ?? [], /\.csv$/i.test(options.export) ? "csv" : "ndjson"),
      {
        mode: 0o600,
      },
    );
    terminal.talk(
      `${report.all?.length ?? 0} differences written to ${options.export}. It names people and addresses.`,
    );
  } else if (options.json === true || options.output === "json")
    terminal.data(JSON.stringify(report, null, 2));
  else terminal.data(render(report, terminal, context.now()));
  if (report.state !== "comparing") return EXIT.broken;
  return report.kinds.some(({ count }) => count > 0) ? EXIT.degraded : EXIT.ok;
}

function render(report: ShadowDocument, terminal: Pick<Terminal, "tint">, now: number): string {
  const agreement = report.agreement === null ? "" : `, ${(report.agreement * 100).toFixed(1)} % the same`;
  const lines = [
    `${terminal.tint(printable(report.url), "bold")}  ${terminal.tint(report.state, report.state === "failing" ? "bad" : "good")}: ${printable(report.sentence)}`,
    `  here ${report.here} addresses, there ${report.there}${agreement}${report.comparedAt === null ? "" : `, compared ${ago(now - report.comparedAt)}`}`,
  ];
  if (report.rejected > 0) lines.push(`  ${report.rejected} entries of the other server could not be read`);
  for (const kind of report.kinds) {
    if (kind.count + kind.settling === 0) continue;
    const settling = kind.settling === 0 ? "" : ` (and ${kind.settling} settling)`;
    const oldest =
      kind.oldestSince === null ? "" : `, the oldest for ${ago(now - kind.oldestSince).replace(/ ago$/, "")}`;
    lines.push(
      "",
      `${terminal.tint(kind.kind.padEnd(13), "warn")} ${kind.count}${settling}${oldest}`,
      `  ${kind.meaning}`,
    );
    if (kind.sources.length > 0)
      lines.push(
        `  there from: ${kind.sources.map(({ source, count }) => `${printable(source)} (${count})`).join(", ")}`,
      );
    for (const example of kind.examples.slice(0, EXAMPLES_SHOWN)) {
      lines.push(
        `  ${example.ip.padEnd(15)} here ${printable(example.here || "nobody")}, there ${printable(example.there || "nobody")}`,
      );
      for (const sentence of example.explanation.slice(0, 2)) lines.push(`      ${printable(sentence)}`);
    }
  }
  return lines.join("\n");
}
