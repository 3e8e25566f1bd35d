import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { onCore } from "./child.ts";

const run = promisify(execFile);

export interface WrkResult {
  readonly requestsPerSecond: number;
  /** Heads included. */
  readonly bytesPerSecond: number;
  readonly latencyMs99: number;
}

export interface WrkLoad {
  readonly port: number;
  /** Asked in turn. */
  readonly requests: readonly { readonly path: string; readonly authorization: string }[];
  readonly connections: number;
  readonly seconds: number;
  readonly core: number;
  readonly dir: string;
}

/**
 * Puts load on a listener: keep-alive TLS connections, each asking as fast as it is answered.
 *
 * Errors: throws when any answer was not 200 or a connection broke: such a round measures nothing.
 */
export async function wrk(load: WrkLoad): Promise<WrkResult> {
  const script = path.join(load.dir, "requests.lua");
  const list = load.requests.map((one) => `{"${one.path}", "${one.authorization}"}`).join(",\n");
  await writeFile(
    script,
    `local asked = {${list}}
local made = {}
local at = 0
init = function()
  for i, one in ipairs(asked) do made[i] = wrk.format("GET", one[1], {["Host"] = "localhost", ["Authorization"] = one[2]}) end
end
request = function()
  at = at % #made + 1
  return made[at]
end
`,
  );
  const [program = "", ...args] = onCore(load.core, [
    "wrk",
    "--threads=1",
    `--connections=${load.connections}`,
    `--duration=${load.seconds}s`,
    "--latency",
    `--script=${script}`,
    `https://127.0.0.1:${load.port}`,
  ]);
  const { stdout } = await run(program, args);
  const failed = /Non-2xx or 3xx responses: \d+|Socket errors: [^\n]+/.exec(stdout);
  if (failed !== null) throw new Error(`load on port ${load.port}: ${failed[0]}`);
  return {
    requestsPerSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]),
    bytesPerSecond: bytes(/Transfer\/sec:\s+([\d.]+)(B|KB|MB|GB)/.exec(stdout)),
    latencyMs99: milliseconds(/99%\s+([\d.]+)(us|ms|s)/.exec(stdout)),
  };
}

function bytes(match: RegExpExecArray | null): number {
  const scale = { B: 1, KB: 1024, MB: 1024 ** 2, GB: 1024 ** 3 }[match?.[2] ?? ""] ?? Number.NaN;
  return Number(match?.[1]) * scale;
}

function milliseconds(match: RegExpExecArray | null): number {
  const scale = { us: 0.001, ms: 1, s: 1000 }[match?.[2] ?? ""] ?? Number.NaN;
  return Number(match?.[1]) * scale;
}
