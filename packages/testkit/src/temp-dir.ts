import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

/** A new empty folder. Any user may enter it: as root, Postgres runs as another. The caller removes it. */
export function makeTempDir(prefix = "rollcall-test-"): string {
  const folder = mkdtempSync(path.join(tmpdir(), prefix));
  chmodSync(folder, 0o755);
  return folder;
}

/** Runs `work` with a new empty folder and removes it afterwards, whatever happened. */
export async function withTempDir<T>(work: (folder: string) => Promise<T> | T): Promise<T> {
  const folder = makeTempDir();
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
