import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { KeysFolderError, openInstallationKeys } from "./installation-keys.ts";

let parent: string;
beforeEach(async () => {
  parent = await mkdtemp(path.join(tmpdir(), "rollcall-keys-"));
});
afterEach(() => rm(parent, { recursive: true, force: true }));

const modeOf = async (file: string) => ((await stat(file)).mode & 0o777).toString(8);

describe("the keys of an installation", () => {
  it("are made at the first start, readable by their owner alone, and are the same ever after", async () => {
    const folder = path.join(parent, "keys");
    const first = await openInstallationKeys(folder);
    const again = await openInstallationKeys(folder);
    expect(await modeOf(folder)).toBe("700");
    for (const file of await readdir(folder)) expect(await modeOf(path.join(folder, file)), file).toBe("600");
    expect([again.feedIssuer, again.issuing, again.firewall, again.fileKey]).toEqual([
      first.feedIssuer,
      first.issuing,
      first.firewall,
      first.fileKey,
    ]);
    expect(again.cursorMac(Buffer.from("x"))).toEqual(first.cursorMac(Buffer.from("x")));
    const place = { tenantId: "t", table: "a", column: "b", row: "c" };
    expect(again.decryptForTenant(first.encryptForTenant("text", place), place)).toBe("text");
  });

  it("are one set though several processes start at once", async () => {
    const folder = path.join(parent, "keys");
    const all = await Promise.all(Array.from({ length: 5 }, () => openInstallationKeys(folder)));
    expect(new Set(all.map((keys) => keys.issuingSha256)).size).toBe(1);
    expect(new Set(all.map((keys) => keys.feedIssuer)).size).toBe(1);
    expect(await readdir(folder)).toHaveLength(3);
  });

  it("are not used when others may read the folder or the file, and the sentence says what to do", async () => {
    const folder = path.join(parent, "keys");
    await openInstallationKeys(folder);
    await chmod(folder, 0o755);
    await expect(openInstallationKeys(folder)).rejects.toThrow(`chmod 700 ${folder}`);
    await chmod(folder, 0o700);
    const file = path.join(folder, "keyring.json");
    await chmod(file, 0o640);
    await expect(openInstallationKeys(folder)).rejects.toThrow(`chmod 600 ${file}`);
  });

  it("are never replaced when the file is damaged, and no key is quoted in the sentence", async () => {
    const folder = path.join(parent, "keys");
    const keys = await openInstallationKeys(folder);
    const file = path.join(folder, "keyring.json");
    const damaged = (await readFile(file, "utf8")).slice(0, -40);
    await writeFile(file, damaged);
    const fault = await openInstallationKeys(folder).catch((error: unknown) => error);
    expect(fault).toBeInstanceOf(KeysFolderError);
    expect(String(fault)).toContain("bring it back from a backup");
    expect(`${fault} ${(fault as Error).cause}`).not.toContain(keys.fileKey.seed);
    expect(await readFile(file, "utf8")).toBe(damaged);
  });

  it("say so when their folder is a file", async () => {
    const folder = path.join(parent, "keys");
    await writeFile(folder, "");
    await expect(openInstallationKeys(folder)).rejects.toThrow("ROLLCALL_KEYS_DIR");
  });
});
