import { existsSync, readdirSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import path from "node:path";
import { purePackages, rooms, serverOnly } from "./boundaries.ts";

/**
 * Holds the import table (boundaries.ts) against every import in the tree, and against each manifest:
 * a package not declared there would resolve by hoisting and break elsewhere.
 * Prints one teaching sentence per fault; exit code 1 if there is any.
 */
const root = path.resolve(import.meta.dirname, "..");
const faults: string[] = [];
const builtins = new Set(builtinModules);
const TEST = /(\.test\.tsx?$|\/testing\/)/;

function* sources(folder: string): Generator<string> {
  if (!existsSync(folder)) return;
  for (const item of readdirSync(folder, { withFileTypes: true })) {
    const full = path.join(folder, item.name);
    if (item.isDirectory()) {
      if (!["node_modules", "dist", ".next", "generated", "goldens", "fixtures"].includes(item.name))
        yield* sources(full);
    } else if (/\.tsx?$/.test(item.name) && !item.name.endsWith(".d.ts")) yield full;
  }
}

const IMPORT =
  /(?:^|[\s;}])(?:import|export)\s+(?:type\s+)?(?:[^"';]*?\sfrom\s+)?["']([^"']+)["']|import\(\s*["']([^"']+)["']\s*\)/g;

function packageOf(specifier: string): string {
  const parts = specifier.split("/");
  return specifier.startsWith("@") ? parts.slice(0, 2).join("/") : (parts[0] ?? specifier);
}

for (const folder of ["apps", "packages", "tools"]) {
  for (const name of readdirSync(path.join(root, folder))) {
    const at = `${folder}/${name}`;
    const room = Object.entries(rooms).find(([, r]) => r.path === at);
    if (!room) {
      if (existsSync(path.join(root, at, "package.json")))
        faults.push(`${at} is not in tooling/boundaries.ts: name the room and what it may import.`);
      continue;
    }
    const [roomName, rule] = room;
    const manifest = JSON.parse(readFileSync(path.join(root, at, "package.json"), "utf8")) as {
      dependencies?: Record<string, string>;
      devDependencies?: Record<string, string>;
    };
    const declared = new Set(Object.keys({ ...manifest.dependencies, ...manifest.devDependencies }));
    for (const file of sources(path.join(root, at, "src"))) {
      const shown = path.relative(root, file);
      const isTest = TEST.test(file);
      const text = readFileSync(file, "utf8");
      for (const match of text.matchAll(IMPORT)) {
        const specifier = match[1] ?? match[2] ?? "";
        if (specifier.startsWith(".") || specifier.startsWith("~/")) {
          if (specifier.startsWith("..")) {
            const target = path.resolve(path.dirname(file), specifier);
            if (!target.startsWith(path.join(root, at)) && !isTest)
              faults.push(`${shown} reaches out of its room by ${specifier}: import the room by its name.`);
          }
          continue;
        }
        const isNode = specifier.startsWith("node:") || builtins.has(specifier);
        if (rule.pure && !isTest) {
          if (isNode) faults.push(`${shown} imports ${specifier}: ${roomName} is pure, ${rule.because}.`);
          else if (
            !specifier.startsWith("@rollcall/") &&
            !purePackages[roomName]?.includes(packageOf(specifier))
          )
            faults.push(`${shown} imports ${specifier}: ${roomName} is pure, ${rule.because}.`);
        }
        if (isNode) continue;
        const pkg = packageOf(specifier);
        if (pkg.startsWith("@rollcall/")) {
          const target = pkg.slice("@rollcall/".length);
          if (target === roomName) continue;
          if (target === "testkit" || specifier.endsWith("/testing")) {
            const mayUse = isTest || (rule.isForTests === true && rule.mayImport.includes(target));
            if (!mayUse) faults.push(`${shown} imports ${specifier}: only tests may.`);
            continue;
          }
          const allowedInTest = isTest && !rule.pure;
          if (!rule.mayImport.includes(target) && !allowedInTest)
            faults.push(`${shown} imports ${pkg}: ${roomName} may not, because ${rule.because}.`);
          if (
            roomName === serverOnly.room &&
            (serverOnly.rooms as readonly string[]).includes(target) &&
            !serverOnly.folders.some((f) => shown.startsWith(`${at}/${f}`)) &&
            !shown.endsWith("proxy.ts") &&
            !isTest
          )
            faults.push(
              `${shown} imports ${pkg}: only ${serverOnly.folders.join(" and ")} wire server-side rooms.`,
            );
          if (!declared.has(pkg) && !isTest)
            faults.push(`${shown} imports ${pkg}, which ${at}/package.json does not declare.`);
          continue;
        }
        const inRootTools = [
          "vitest",
          "fast-check",
          "pg",
          "playwright-core",
          "@axe-core/playwright",
          "esbuild",
        ];
        if (!declared.has(pkg) && !(isTest && inRootTools.includes(pkg)))
          faults.push(`${shown} imports ${pkg}, which ${at}/package.json does not declare.`);
      }
      if (rule.pure && !isTest && /\bDate\.now\(|\bMath\.random\(|\bnew Date\(\s*\)/.test(text))
        faults.push(
          `${shown} reads a clock or chance: ${roomName} is pure; take time and randomness as arguments.`,
        );
      if (/\bSET\s+app\.|set_config\([^)]*,\s*false\s*\)/i.test(text) && !isTest)
        faults.push(
          `${shown} sets a session-wide database setting: it would leak to the next transaction; use set_config(…, true).`,
        );
      if (/\b(TODO|FIXME|HACK)\b/.test(text)) faults.push(`${shown} holds a TODO: do it, or write an issue.`);
      if (/dangerouslySetInnerHTML|\beval\(/.test(text))
        faults.push(`${shown} writes raw HTML or evaluates text.`);
    }
  }
}

for (const fault of faults) console.error(fault);
console.log(faults.length ? `${faults.length} faults against the import table` : "import table holds");
process.exit(faults.length ? 1 : 0);
