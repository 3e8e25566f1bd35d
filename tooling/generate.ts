import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { rooms } from "./boundaries.ts";

/**
 * Writes what is generated: the rooms' table in docs/ARCHITECTURE.md, and what the rooms' own generators make.
 * `--check` writes nothing and exits 1 on a difference.
 */
const root = path.resolve(import.meta.dirname, "..");
const isCheck = process.argv.includes("--check");
let differences = 0;

function put(file: string, text: string): void {
  const full = path.join(root, file);
  const before = existsSync(full) ? readFileSync(full, "utf8") : "";
  if (before === text) return;
  if (isCheck) {
    console.error(`${file} is not what its source says: run npm run gen and commit it.`);
    differences++;
  } else {
    writeFileSync(full, text);
    console.log(`wrote ${file}`);
  }
}

const table = [
  "| room | what it is | may import of ours |",
  "|---|---|---|",
  ...Object.entries(rooms).map(
    ([name, room]) =>
      `| \`${room.path}\`${room.pure ? " (pure)" : ""} | ${room.is} | ${room.mayImport.map((r) => `\`${r}\``).join(" ") || (name ? "nothing" : "")} |`,
  ),
].join("\n");
const page = "docs/ARCHITECTURE.md";
const text = readFileSync(path.join(root, page), "utf8");
put(
  page,
  text.replace(/<!-- rooms -->[\s\S]*?<!-- \/rooms -->/, `<!-- rooms -->\n${table}\n<!-- /rooms -->`),
);

/** Generators that rooms bring along; each takes `--check`. */
const generators = [
  "apps/edge-agent/scripts/generate-config-reference.ts",
  "packages/srx-protocol/scripts/generate-profile-reference.ts",
  "packages/event-rules/scripts/generate-rules-reference.ts",
];
for (const generator of generators) {
  if (!existsSync(path.join(root, generator))) continue;
  const run = spawnSync(process.execPath, [path.join(root, generator), ...(isCheck ? ["--check"] : [])], {
    cwd: root,
    stdio: "inherit",
  });
  if (run.status !== 0) differences++;
}
process.exit(differences ? 1 : 0);
