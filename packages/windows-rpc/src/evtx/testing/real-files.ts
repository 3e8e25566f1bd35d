import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { gunzipSync } from "node:zlib";

/** Real event logs and what other readers made of them, beside the project; see docs/protocol/event-records.md. */
const FOLDER = path.resolve(import.meta.dirname, "../../../../../../shared/data/evtx");
const COLLECTIONS = ["mit-ts-evtx", "cc0-evtx-to-mitre", "mit-omerbenamram-evtx"];

/** Why there are none on this machine; null where they are. CI has them. */
export function whyNoRealFiles(): string | null {
  try {
    readdirSync(FOLDER);
    return null;
  } catch {
    return "no real event logs beside the project (../shared/data/evtx): tests that read them are left out";
  }
}

/** Paths of all files, each `collection/name`. */
export function realFiles(): string[] {
  return COLLECTIONS.flatMap((collection) =>
    readdirSync(path.join(FOLDER, collection))
      .filter((name) => name.endsWith(".evtx"))
      .map((name) => `${collection}/${name}`),
  );
}

export function readReal(name: string): Buffer {
  return readFileSync(path.join(FOLDER, name));
}

/** Bytes that a specification shows. */
export function readFixture(name: string): Buffer {
  return readFileSync(path.join(FOLDER, "fixtures", name));
}

/** What another reader printed of a file; null where there is nothing of it. */
export function oracleOf(name: string, reader: "windows-export" | "libevtx" | "python-evtx"): string | null {
  try {
    const file = path.join(FOLDER, "oracle", `${name.replace("/", "__")}.${reader}.xml.gz`);
    return gunzipSync(readFileSync(file)).toString("utf8");
  } catch {
    return null;
  }
}
