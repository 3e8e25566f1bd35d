import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

/**
 * The addresses that people sit at in the end-to-end runs. They must be real client addresses, seen by a real
 * directory server, and loopback addresses are never anybody's seat (the session law). So the runs are made in a
 * network namespace of their own, where these prefixes are local; nothing outside is touched or reached.
 */
export const SEATS = ["10.20.0.1/16", "10.30.0.1/16"];

/** The command that runs `command` in such a namespace; the command itself where that cannot be made. */
export function isolated(
  command: string,
  args: readonly string[],
): { command: string; args: string[]; isIsolated: boolean } {
  const canUnshare =
    process.platform === "linux" &&
    process.getuid?.() === 0 &&
    existsSync("/usr/bin/unshare") &&
    spawnSync("unshare", ["--net", "true"]).status === 0 &&
    spawnSync("ip", ["-V"]).status === 0;
  if (!canUnshare) return { command, args: [...args], isIsolated: false };
  const script = [
    "ip link set lo up",
    ...SEATS.map((seat) => `ip addr add ${seat} dev lo`),
    'exec "$0" "$@"',
  ].join(" && ");
  return { command: "unshare", args: ["--net", "sh", "-c", script, command, ...args], isIsolated: true };
}
