import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, it } from "vitest";
import { zipOf } from "./zip.ts";

const READ = `
import json, sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as archive:
    bad = archive.testzip()
    print(json.dumps({"bad": bad, "files": {name: archive.read(name).decode("utf-8") for name in archive.namelist()}}))
`;

it("is an archive that a reader of somebody else's opens, with every file as it was", (context) => {
  if (spawnSync("python3", ["--version"]).status !== 0)
    return context.skip("there is no python3 to read it with");
  const folder = mkdtempSync(path.join(tmpdir(), "rollcall-zip-"));
  try {
    const file = path.join(folder, "pack.zip");
    const texts = { "README.txt": "\uFEFFZürich\r\n", "Empty.txt": "", "Größe.csv": "a,b\r\n".repeat(5000) };
    writeFileSync(file, zipOf(Object.entries(texts).map(([name, text]) => ({ name, text }))));
    const read = spawnSync("python3", ["-c", READ, file], { encoding: "utf8" });
    expect([read.status, read.stderr]).toEqual([0, ""]);
    expect(JSON.parse(read.stdout)).toEqual({ bad: null, files: texts });
    expect(readFileSync(file).subarray(0, 2).toString()).toBe("PK");
  } finally {
    rmSync(folder, { recursive: true });
  }
});
