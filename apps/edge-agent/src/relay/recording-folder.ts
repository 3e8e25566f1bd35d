import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { type RecordedPair, readPair, renderPair, writePair } from "@rollcall/srx-protocol/recording";
import { AgentError } from "../agent-error.ts";
import { isNodeError } from "../state/atomic-file.ts";

/** What a folder of recordings may hold. */
export interface FolderBounds {
  readonly pairsMax: number;
  readonly bytesMax: number;
}

export const DEFAULT_BOUNDS: FolderBounds = { pairsMax: 5000, bytesMax: 200 * 1024 * 1024 };
/** Pairs that wait for the disk; more are dropped and counted: the firewall does not wait for us. */
const WAITING_MAX = 500;
const PAIR_FILE = /^\d{6,}\.ndjson$/;
/** A folder that somebody filled by hand is read no further. */
const READ_MAX = 50_000;

export interface FolderCounts {
  /** Pairs that lie in the folder now. */
  readonly kept: number;
  readonly bytes: number;
  /** The oldest, removed to make room. */
  readonly removed: number;
  /** Not written: the disk was too slow or refused. */
  readonly lost: number;
}

/** Where redacted pairs are written. It is given nothing else, so nothing else can lie there. */
export interface RecordingFolder {
  add(pair: RecordedPair): void;
  /** Waits until everything taken is on the disk. */
  settle(): Promise<void>;
  readonly counts: FolderCounts;
  /** What the disk last refused; null while all is well. */
  readonly fault: string | null;
}

interface Kept {
  readonly files: readonly string[];
  readonly bytes: number;
}

/**
 * Makes a new folder for one recording: mode 0700, files 0600, a README that says whose traffic it holds and since when.
 *
 * Errors: `AgentError` where the folder holds something already (a second recording has other replacements for the same
 *         names) or cannot be made. What fails later is counted and shown, never thrown: the relay goes on.
 */
export function openRecordingFolder(
  folder: string,
  readme: string,
  bounds: FolderBounds = DEFAULT_BOUNDS,
): RecordingFolder {
  makeFolder(folder);
  writeFileSync(path.join(folder, "README.md"), readme, { mode: 0o600, flag: "wx" });
  const kept: Kept[] = [];
  let bytes = 0;
  let removed = 0;
  let lost = 0;
  let waiting = 0;
  let fault: string | null = null;
  let writing: Promise<void> = Promise.resolve();

  async function write(pair: RecordedPair): Promise<void> {
    const name = String(pair.number).padStart(6, "0");
    const files = [
      { name: path.join(folder, `${name}.ndjson`), text: writePair(pair) },
      { name: path.join(folder, `${name}.http`), text: renderPair(pair) },
    ];
    const size = files.reduce((sum, file) => sum + Buffer.byteLength(file.text), 0);
    if (size > bounds.bytesMax) {
      lost += 1;
      return;
    }
    while (kept.length > 0 && (kept.length >= bounds.pairsMax || bytes + size > bounds.bytesMax)) {
      const oldest = kept.shift();
      if (oldest === undefined) break;
      for (const file of oldest.files) await rm(file, { force: true });
      bytes -= oldest.bytes;
      removed += 1;
    }
    for (const file of files) await writeFile(file.name, file.text, { mode: 0o600, flag: "wx" });
    kept.push({ files: files.map((file) => file.name), bytes: size });
    bytes += size;
  }

  return {
    add(pair) {
      if (waiting >= WAITING_MAX) {
        lost += 1;
        return;
      }
      waiting += 1;
      writing = writing
        .then(() => write(pair))
        .catch((error: unknown) => {
          lost += 1;
          fault = error instanceof Error ? error.message : String(error);
        })
        .finally(() => {
          waiting -= 1;
        });
    },
    settle: () => writing,
    get counts() {
      return { kept: kept.length, bytes, removed, lost };
    },
    get fault() {
      return fault;
    },
  };
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (readdirSync(folder).length > 0)
      throw new AgentError("recording-folder", `The folder ${folder} is not empty.`, {
        exit: "usage",
        remedy: "Name a new one: each recording has replacements of its own for the same names.",
      });
    // An empty folder that was there may be open to others.
    chmodSync(folder, 0o700);
  } catch (cause) {
    if (cause instanceof AgentError) throw cause;
    const code = isNodeError(cause) ? cause.code : "unknown fault";
    throw new AgentError("recording-folder", `The folder ${folder} cannot be made (${code}).`, {
      cause,
      exit: code === "EACCES" || code === "EPERM" ? "no-permission" : "failed",
      remedy: "Name another one with --record.",
    });
  }
}

/**
 * Reads a recording back, in the order of its numbers.
 *
 * Errors: `AgentError` "no-recording" where the folder is not there or holds no pair. Files that are no pairs are counted.
 */
export function readRecording(folder: string): {
  readonly pairs: readonly RecordedPair[];
  readonly unreadable: number;
} {
  let names: string[];
  try {
    names = statSync(folder).isDirectory() ? readdirSync(folder) : [];
  } catch (cause) {
    throw noRecording(folder, cause);
  }
  const files = names.filter((name) => PAIR_FILE.test(name)).slice(0, READ_MAX);
  const pairs: RecordedPair[] = [];
  let unreadable = 0;
  for (const name of files) {
    const pair = readPair(readFileSync(path.join(folder, name), "utf8"));
    if (pair === null) unreadable += 1;
    else pairs.push(pair);
  }
  if (pairs.length === 0) throw noRecording(folder);
  return { pairs: pairs.sort((a, b) => a.number - b.number), unreadable };
}

function noRecording(folder: string, cause?: unknown): AgentError {
  return new AgentError("no-recording", `There is no recording in ${folder}.`, {
    cause,
    exit: "invalid",
    remedy: "Name the folder that was given to `srx relay --record`.",
  });
}
