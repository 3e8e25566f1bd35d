import net from "node:net";
import { ProbeFault } from "./ports.ts";

/**
 * Finds out whether anybody listens, and hangs up: before a login is made ready for a computer that is switched off.
 * Errors: `ProbeFault` "unreachable".
 */
export function knockAt(host: string, port: number, timeoutMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host, port, signal });
    const fail = (why: string): void => {
      socket.destroy();
      reject(new ProbeFault("unreachable", `${host}:${port} ${why}`));
    };
    socket.setTimeout(timeoutMs, () => fail(`did not answer within ${timeoutMs} ms`));
    socket.once("error", (error) => fail(`cannot be reached: ${error.message}`));
    socket.once("connect", () => {
      socket.destroy();
      resolve();
    });
  });
}
