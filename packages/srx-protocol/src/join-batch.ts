import type { BatchFrame, EncodedEntry } from "./profile.ts";
import { respond, type SrxResponse } from "./response.ts";
import { utf8Length } from "./utf8.ts";

/** A batch's answer of its frame and its entries' texts. Lengths are added up, not counted again. */
export function joinBatch(frame: BatchFrame, entries: readonly EncodedEntry[]): SrxResponse {
  const { before, between, after } = frame;
  const bytes = entries.reduce(
    (sum, entry) => sum + entry.bytes,
    utf8Length(before) + utf8Length(after) + Math.max(0, entries.length - 1) * utf8Length(between),
  );
  const body = `${before}${entries.map((entry) => entry.text).join(between)}${after}`;
  return respond(200, "OK", frame.contentType, body, frame.headers, bytes);
}
