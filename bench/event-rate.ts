import { existsSync } from "node:fs";
import path from "node:path";
import { type BenchOptions, type Figure, figureLine, type Measured, median, say } from "./figure.ts";
import { onCore, startLineProcess } from "./parts/child.ts";

const EVENTS = 200_000;
/** Source: issue 4, "Event sources", goal of events a second and core. */
const GOAL = 20_000;
const CATCH_UP = 1_000_000;
const GROWTH_MB = 64;
const MINUTES = 55;
const CLIENT_CORE = 0;
const SERVER_CORE = 1;
const FOLDER = path.resolve(import.meta.dirname, "..", "..", "shared", "data", "evtx");

const missing: Measured = {
  kind: "missing",
  sentence: `it needs real records of Windows in ${FOLDER}, and they are not there`,
};

/** How many events one core takes from sealed bytes to observations. */
export const eventRate: Figure = {
  name: "event-rate",
  what: `events/s of a domain controller per core of processor time, from NTLM-sealed answers over loopback through BinXml to what the rules make of them (real records of 1.6 to 3.6 KB); limit: the goal of ${GOAL}`,
  async measure({ rounds }: BenchOptions) {
    if (!existsSync(FOLDER)) return missing;
    const rates: number[] = [];
    for (let round = 1; round <= rounds; round++) {
      const one = await read("stages", EVENTS);
      const { read: count = 0, cpuMs = 1, wallMs = 1, unseal = 0, parse = 0, rule = 0, bytesEach = 0 } = one;
      rates.push((count * 1000) / cpuMs);
      const share = (ms: number): string => `${Math.round((100 * ms) / cpuMs)} %`;
      say(
        `  round ${round}: ${Math.round(rates.at(-1) ?? 0)}/s of processor time, ${Math.round((count * 1000) / wallMs)}/s by the clock, ${bytesEach} bytes each; unseal ${share(unseal)}, parse ${share(parse)}, rule ${share(rule)}, the rest (socket, fragments, result sets) ${share(cpuMs - unseal - parse - rule)}`,
      );
    }
    return figureLine("event-rate", "events/s", median(rates), GOAL);
  },
};

/** What the memory of a reader does while it catches up with a million events. */
export const eventCatchUp: Figure = {
  name: "event-catch-up",
  what: `MB by which what a reader holds (heap and buffers after a collection) grows from a tenth of a catch-up with ${CATCH_UP} events to its end; limit: ${GROWTH_MB}`,
  async measure() {
    if (!existsSync(FOLDER)) return missing;
    const {
      wallMs = 0,
      searchMs = 0,
      rssMb = [],
      liveMb = [],
      observations = 0,
    } = await read("catch-up", CATCH_UP);
    say(
      `  ${CATCH_UP} events in ${Math.round(wallMs / 1000)} s, of which ${Math.round(searchMs / 1000)} s to find where to begin; ${observations} observations; held at each tenth: ${liveMb.join(", ")} MB, resident: ${rssMb.join(", ")} MB`,
    );
    const [first = 0] = liveMb;
    return figureLine("event-catch-up", "MB", Math.max(0, (liveMb.at(-1) ?? 0) - first), GROWTH_MB);
  },
};

interface Said {
  readonly read?: number;
  readonly bytesEach?: number;
  readonly cpuMs?: number;
  readonly wallMs?: number;
  readonly unseal?: number;
  readonly parse?: number;
  readonly rule?: number;
  readonly searchMs?: number;
  readonly observations?: number;
  readonly rssMb?: readonly number[];
  readonly liveMb?: readonly number[];
}

async function read(kind: "stages" | "catch-up", events: number): Promise<Said> {
  const part = (name: string): string => path.join(import.meta.dirname, "parts", name);
  // The warm-up is read besides.
  const held = kind === "stages" ? events + 40_000 : events;
  const server = startLineProcess(
    onCore(SERVER_CORE, [
      process.execPath,
      part("event-log-server.ts"),
      FOLDER,
      String(held),
      String(MINUTES),
    ]),
  );
  try {
    const ports = JSON.parse(await server.line()) as { readonly mapperPort: number; readonly port: number };
    const port = kind === "stages" ? ports.port : ports.mapperPort;
    const client = startLineProcess(
      onCore(CLIENT_CORE, [
        process.execPath,
        "--expose-gc",
        part("event-log-client.ts"),
        kind,
        String(port),
        String(events),
      ]),
    );
    try {
      return JSON.parse(await client.line()) as Said;
    } finally {
      await client.stop();
    }
  } finally {
    await server.stop();
  }
}
