import { hash } from "node:crypto";

/**
 * The identity of a line, used once for ever: hash of source, sender, bytes, and the message's own time or, where it
 * has none, the second of receipt. A repeat (a sender that sends again after a broken connection) has the same one.
 * Source: semantics 1, "Record" (documented).
 */
export function recordIdOf(
  sourceId: string,
  sender: string,
  bytes: Uint8Array,
  eventAt: number | null,
  receivedAt: number,
): string {
  const moment = eventAt === null ? `s${Math.floor(receivedAt / 1000)}` : `m${eventAt}`;
  const head = Buffer.from(`${sourceId}\0${sender}\0${moment}\0`, "utf8");
  const digest = hash("sha256", Buffer.concat([head, bytes]), "buffer");
  return `syslog:${digest.subarray(0, 16).toString("base64url")}`;
}
