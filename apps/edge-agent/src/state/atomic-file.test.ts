import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { withTempDir } from "@rollcall/testkit";
import { describe, expect, it } from "vitest";
import { removeDrafts, removeFileDurably, writeFileAtomically } from "./atomic-file.ts";
import { openStateFolder } from "./state-folder.ts";

describe("writeFileAtomically", () => {
  it("puts the whole new content in place of the old, private, and leaves no draft", () =>
    withTempDir((folder) => {
      const file = path.join(folder, "identity.json");
      writeFileSync(file, "old", { mode: 0o644 });
      writeFileAtomically(file, "new");
      expect([readFileSync(file, "utf8"), statSync(file).mode & 0o777, readdirSync(folder)]).toEqual([
        "new",
        0o600,
        ["identity.json"],
      ]);
    }));

  it("leaves the old file and no draft when the new one cannot be put there", () =>
    withTempDir((folder) => {
      expect(() => writeFileAtomically(path.join(folder, "missing", "f"), "x")).toThrow();
      expect(readdirSync(folder)).toEqual([]);
    }));

  it("clears away the drafts of a killed process and nothing else", () =>
    withTempDir((folder) => {
      for (const name of [".identity.json.0123456789ab.draft", "store.db", ".hidden", "a.draft"])
        writeFileSync(path.join(folder, name), "");
      removeDrafts(folder);
      expect(readdirSync(folder).sort()).toEqual([".hidden", "a.draft", "store.db"]);
    }));

  it("says whether there was something to remove", () =>
    withTempDir((folder) => {
      writeFileSync(path.join(folder, "f"), "");
      expect([removeFileDurably(path.join(folder, "f")), removeFileDurably(path.join(folder, "f"))]).toEqual([
        true,
        false,
      ]);
    }));
});

describe("openStateFolder", () => {
  it("makes the folder private, and refuses one that others may look into", () =>
    withTempDir((parent) => {
      const folder = path.join(parent, "deep", "state");
      openStateFolder(folder);
      expect(statSync(folder).mode & 0o777).toBe(0o700);
      chmodSync(folder, 0o755);
      expect(() => openStateFolder(folder)).toThrow(/Other users may look into/);
    }));

  it("refuses a file in its place with a sentence", () =>
    withTempDir((parent) => {
      const file = path.join(parent, "state");
      writeFileSync(file, "");
      expect(() => openStateFolder(file)).toThrow(/is a file, not a folder/);
    }));
});
