import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { configReference, configSample } from "../src/reference/config-reference.ts";

/**
 * Writes docs/reference/agent-config.md and agent-config.sample.yaml from the schema the agent reads its file with.
 * `--check` writes nothing and exits 1 where a page is not what the schema says.
 */
const folder = path.resolve(import.meta.dirname, "..", "..", "..", "docs", "reference");
const pages = { "agent-config.md": configReference(), "agent-config.sample.yaml": configSample() };
const isCheck = process.argv.includes("--check");
let differences = 0;

mkdirSync(folder, { recursive: true });
for (const [name, text] of Object.entries(pages)) {
  const file = path.join(folder, name);
  if (contentOf(file) === text) continue;
  if (isCheck) {
    console.error(`docs/reference/${name} is not what the schema says: run npm run gen and commit it.`);
    differences += 1;
  } else {
    writeFileSync(file, text);
    console.log(`wrote docs/reference/${name}`);
  }
}
process.exit(differences > 0 ? 1 : 0);

function contentOf(file: string): string | null {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return null;
  }
}
