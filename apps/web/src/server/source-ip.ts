import { subscribe } from "node:diagnostics_channel";
import type { IncomingMessage } from "node:http";

/** Where `notePeers` writes whom the socket is connected to. What a client sends under this name is overwritten. */
const PEER = "x-rollcall-peer";

/**
 * Has every request of this process say whom its socket is connected to. The web framework hands on only headers, and
 * takes X-Forwarded-For as the client wrote it. Call once, before the first request.
 */
export function notePeers(): void {
  subscribe("http.server.request.start", (message) => {
    const { request } = message as { readonly request: IncomingMessage };
    request.headers[PEER] = request.socket.remoteAddress ?? "";
  });
}

/**
 * Where a request comes from, as far as it can be believed: behind our own proxy the last address it added, else whom
 * the socket is connected to. Anything longer than an address is nothing.
 */
export function sourceIpOf(header: (name: string) => string | null, isBehindProxy: boolean): string | null {
  const hop = isBehindProxy ? header("x-forwarded-for")?.split(",").at(-1)?.trim() : header(PEER);
  return hop && hop.length <= 45 && /^[0-9a-fA-F.:]+$/.test(hop) ? hop.replace(/^::ffff:/, "") : null;
}
