import path from "node:path";
import { type BenchOptions, type Figure, figureLine, median, say } from "./figure.ts";
import { onCore, startLineProcess } from "./parts/child.ts";

const LINES_COLLECTOR = 200_000;
const LINES_BARE = 2_000_000;
const RECEIVER_CORE = 0;
const SENDER_CORE = 1;

/** How many lines one collector reads into observations, beside what a bare socket loop reads. */
export const syslogLines: Figure = {
  name: "syslog-lines",
  what: "syslog lines/s through the collector over TCP with the sequences shipped for RADIUS (4 of 5 lines match), one core; limit: the same lines through a bare receiver that parts and decodes them",
  async measure({ rounds }: BenchOptions) {
    const ours: number[] = [];
    const bare: number[] = [];
    for (let round = 1; round <= rounds; round++) {
      ours.push(await linesPerSecond("collector", LINES_COLLECTOR));
      bare.push(await linesPerSecond("bare", LINES_BARE));
      say(
        `  round ${round}: collector ${Math.round(ours.at(-1) ?? 0)}/s, bare ${Math.round(bare.at(-1) ?? 0)}/s`,
      );
    }
    return figureLine("syslog-lines", "lines/s", median(ours), median(bare));
  },
};

async function linesPerSecond(kind: "collector" | "bare", lines: number): Promise<number> {
  const part = (name: string): string => path.join(import.meta.dirname, "parts", name);
  const receiver = startLineProcess(
    onCore(RECEIVER_CORE, [process.execPath, part("syslog-receiver.ts"), kind, String(lines)]),
  );
  try {
    const { port } = JSON.parse(await receiver.line()) as { port: number };
    const sender = startLineProcess(
      onCore(SENDER_CORE, [process.execPath, part("syslog-sender.ts"), String(port), String(lines)]),
    );
    try {
      const { elapsedMs, refused } = JSON.parse(await receiver.line()) as {
        elapsedMs: number;
        refused: Readonly<Record<string, number>>;
      };
      if (Object.keys(refused).length > 0)
        say(`  of ${lines} lines were refused: ${JSON.stringify(refused)}`);
      return lines / (elapsedMs / 1000);
    } finally {
      await sender.stop();
    }
  } finally {
    await receiver.stop();
  }
}
