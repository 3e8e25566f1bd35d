import path from "node:path";
import { build } from "esbuild";

/**
 * Bundles one app into dist/main.mjs: `node tooling/bundle.ts NAME`, run in the app's folder.
 * Native add-ons stay outside: they are loaded from node_modules.
 */
const name = process.argv[2];
if (!name) throw new Error("usage: node tooling/bundle.ts NAME");
await build({
  entryPoints: ["src/main.ts"],
  bundle: true,
  platform: "node",
  target: "node24",
  format: "esm",
  outfile: path.join("dist", "main.mjs"),
  external: ["pg-native", "@node-rs/argon2", "msgpackr-extract"],
  banner: { js: "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);" },
  sourcemap: "linked",
  logLevel: "warning",
});
