import { randomBytes } from "node:crypto";
import {
  closeSync,
  fsyncSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import path from "node:path";

const DRAFT = /^\.[A-Za-z0-9._-]+\.[0-9a-f]{12}\.draft$/;

/**
 * Writes a whole file or nothing of it: a reader, and a start after a crash, sees the old content or the new.
 *
 * Shape:  written beside its place, flushed to the disk, moved over the old file, and the folder flushed too.
 * Errors: throws what the file system says; the old file is then untouched and no draft is left behind.
 */
export function writeFileAtomically(file: string, content: string, mode = 0o600): void {
  const folder = path.dirname(file);
  const draft = path.join(folder, `.${path.basename(file)}.${randomBytes(6).toString("hex")}.draft`);
  try {
    const handle = openSync(draft, "wx", mode);
    try {
      writeSync(handle, content);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    renameSync(draft, file);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
  syncFolder(folder);
}

/** Removes a file so that it stays removed after a power cut. True if it was there. */
export function removeFileDurably(file: string): boolean {
  try {
    unlinkSync(file);
  } catch (error) {
    if (isNodeError(error) && error.code === "ENOENT") return false;
    throw error;
  }
  syncFolder(path.dirname(file));
  return true;
}

/** Removes drafts that a killed process left in `folder`. */
export function removeDrafts(folder: string): void {
  for (const name of readdirSync(folder))
    if (DRAFT.test(name)) rmSync(path.join(folder, name), { force: true });
}

export function isNodeError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "code" in error && typeof error.code === "string";
}

function syncFolder(folder: string): void {
  // Windows cannot open a folder for flushing; its rename is journaled.
  if (process.platform === "win32") return;
  const handle = openSync(folder, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
