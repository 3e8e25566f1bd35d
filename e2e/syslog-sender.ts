import { createSocket } from "node:dgram";
import { connect } from "node:net";

/** Sends lines as a plain sender does: one datagram each, or newline-framed over one TCP connection. */
export async function sendLines(
  to: { host: string; port: number },
  transport: "udp" | "tcp",
  lines: readonly string[],
): Promise<void> {
  if (transport === "udp") {
    const socket = createSocket("udp4");
    for (const line of lines)
      await new Promise<void>((resolve, reject) =>
        socket.send(line, to.port, to.host, (error) => (error ? reject(error) : resolve())),
      );
    socket.close();
    return;
  }
  await new Promise<void>((resolve, reject) => {
    const socket = connect(to.port, to.host, () => socket.end(lines.map((line) => `${line}\n`).join("")));
    socket.on("error", reject);
    socket.on("close", () => resolve());
    socket.resume();
  });
}
