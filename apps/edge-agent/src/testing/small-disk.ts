import { spawnSync } from "node:child_process";
import { closeSync, fsyncSync, openSync, rmSync, writeSync } from "node:fs";
import path from "node:path";
import { withTempDir } from "@rollcall/testkit";

export interface SmallDisk {
  readonly folder: string;
  /** Takes all the room that is left. */
  fill(): void;
  /** Gives it back. */
  free(): void;
}

/** Whether this user may mount; CI runs as root, so there it must work. */
export const canMount = process.platform === "linux" && (process.getuid?.() === 0 || Boolean(process.env.CI));
if (!canMount) console.info("skipped: tests on a small disk (they need root, to mount a tmpfs)");

/** Runs `work` on a disk of its own that can be full. */
export function withSmallDisk(
  megabytes: number,
  work: (disk: SmallDisk) => void | Promise<void>,
): Promise<void> {
  return withTempDir(async (folder) => {
    system("mount", "-t", "tmpfs", "-o", `size=${megabytes}m,mode=700`, "tmpfs", folder);
    const ballast = path.join(folder, "ballast");
    try {
      await work({
        folder,
        fill() {
          const handle = openSync(ballast, "w");
          for (const size of [65_536, 4096]) while (hasWritten(handle, size));
          fsyncSync(handle);
          closeSync(handle);
        },
        free: () => rmSync(ballast, { force: true }),
      });
    } finally {
      system("umount", "-l", folder);
    }
  });
}

function hasWritten(handle: number, size: number): boolean {
  try {
    return writeSync(handle, Buffer.alloc(size)) === size;
  } catch {
    return false;
  }
}

function system(command: string, ...args: string[]): void {
  const run = spawnSync(command, args, { encoding: "utf8" });
  if (run.status !== 0) throw new Error(`${command} ${args.join(" ")}: ${run.stderr}`);
}
