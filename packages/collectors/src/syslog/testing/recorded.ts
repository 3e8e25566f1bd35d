import { readFileSync } from "node:fs";
import path from "node:path";

export interface RecordedRead {
  readonly transport: "UDP" | "TCP" | "TLS";
  readonly bytes: Buffer;
}

/** The reads of one recording, in order; see the fixture's own page for its form. */
export function readRecording(name: string): readonly RecordedRead[] {
  const reads: RecordedRead[] = [];
  for (const line of fixture(name).split("\n")) {
    const match = /^(UDP|TCP|TLS)(?: [\d.]+)? (".*") (\d+)$/.exec(line);
    if (match === null) continue;
    const [, transport, text = '""', length] = match;
    const bytes = Buffer.from(JSON.parse(text) as string, "utf8");
    if (bytes.length !== Number(length))
      throw new Error(`${name}: a read of ${length} bytes holds ${bytes.length}`);
    reads.push({ transport: transport as RecordedRead["transport"], bytes });
  }
  return reads;
}

export function fixture(name: string): string {
  return readFileSync(path.join(import.meta.dirname, "../fixtures", name), "utf8");
}
