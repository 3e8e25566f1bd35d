import { once } from "node:events";
import { connect } from "node:net";
import { lineOf } from "./syslog-source.ts";

/** Sends lines over one TCP connection as fast as they are taken: `node syslog-sender.ts PORT LINES`. */
const [port = 0, lines = 0] = process.argv.slice(2).map(Number);
const LINES_A_WRITE = 500;
const made: Buffer[] = [];
// Made beforehand: the sender must never be what is measured.
for (let from = 0; from < lines; from += LINES_A_WRITE) {
  const some = Array.from({ length: Math.min(LINES_A_WRITE, lines - from) }, (_, at) => lineOf(from + at));
  made.push(Buffer.from(`${some.join("\n")}\n`));
}
const socket = connect(port, "127.0.0.1");
socket.on("error", () => process.exit(1));
await once(socket, "connect");
for (const piece of made) if (!socket.write(piece)) await once(socket, "drain");
socket.end();
process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
