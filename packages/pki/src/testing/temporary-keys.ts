import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { type InstallationKeys, openInstallationKeys } from "../installation-keys.ts";

/** Keys of an installation that lives as long as one test file. */
export async function temporaryKeys(): Promise<InstallationKeys & { remove(): Promise<void> }> {
  const parent = await mkdtemp(path.join(tmpdir(), "rollcall-keys-"));
  const keys = await openInstallationKeys(path.join(parent, "keys"));
  return { ...keys, remove: () => rm(parent, { recursive: true, force: true }) };
}
