import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";

/** Dumps of real servers' objects, kept beside the repository (see its MANIFEST.md). */
const FOLDER = path.resolve(import.meta.dirname, "../../../../../../shared/data/evtx/fixtures");

export const hasFixtures = existsSync(path.join(FOLDER, "wmio"));
if (!hasFixtures) console.warn(`skipped what needs real objects of WMI: ${FOLDER} is not there`);

export function readDump(name: string): Buffer {
  return Buffer.from(readFileSync(path.join(FOLDER, "wmio", `${name}.dump`), "utf8").trim(), "hex");
}

export function dumpNames(): string[] {
  return readdirSync(path.join(FOLDER, "wmio"))
    .filter((name) => name.endsWith(".dump"))
    .map((name) => name.slice(0, -5));
}

/** Stubs of requests as impacket writes them. */
export function impacketStub(name: string): Buffer {
  const stubs: { name: string; hex: string }[] = JSON.parse(
    readFileSync(path.join(FOLDER, "rpc-request-stubs.impacket.json"), "utf8"),
  );
  const found = stubs.find((stub) => stub.name === name);
  if (found === undefined) throw new Error(`no stub "${name}"`);
  return Buffer.from(found.hex, "hex");
}
