import { closeSync, fstatSync, fsyncSync, openSync, writeSync } from "node:fs";
import { removeFileDurably } from "../state/atomic-file.ts";

/**
 * Destroys a spent onboarding file: overwritten, flushed, unlinked.
 *
 * Shape:  true when it is gone, false when this user may not (the token in it is spent in any case).
 */
export function spendOnboardingFile(file: string): boolean {
  try {
    const handle = openSync(file, "r+");
    try {
      const length = fstatSync(handle).size;
      writeSync(handle, Buffer.alloc(length), 0, length, 0);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    return removeFileDurably(file);
  } catch {
    return false;
  }
}
