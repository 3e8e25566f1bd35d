import { execFile, execFileSync } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import { withTempDir } from "@rollcall/testkit";
import { expect, it } from "vitest";

const SCRIPT = path.join(import.meta.dirname, "testing", "probe-net.ts");

/** Whether a network of its own can be had here: it takes root, and tools of the distribution. */
function hasNets(): boolean {
  try {
    execFileSync("unshare", ["--net", "ip", "link", "set", "lo", "up"], { stdio: "ignore" });
    return true;
  } catch {
    console.warn(
      "skipped the probe of a whole agent: no network of its own can be made here (root, unshare, ip)",
    );
    return false;
  }
}

it.skipIf(!hasNets())(
  "a firewall that asks a whole agent about unknown addresses is told whom their computers name, within its two seconds",
  () =>
    withTempDir(async (folder) => {
      const { stdout } = await promisify(execFile)("unshare", ["--net", process.execPath, SCRIPT, folder]);
      const known = (user: string) => ({ kind: "known", entry: { user, source: "Rollcall PC probe" } });
      expect(JSON.parse(stdout)).toMatchObject({
        byWmi: known("ana"),
        byWinrm: known("bob"),
        nobodyThere: { kind: "unknown" },
        person: ["unreachable, exit 4", "not-asked, exit 4"],
        // WMI makes two connections, WinRM one.
        logins: ["reader accepted", "reader accepted", "reader accepted"],
        source: "2 of 4 computers answered.",
      });
    }),
);
