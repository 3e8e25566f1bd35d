import type { IncomingMessage } from "node:http";

export type BodyReading =
  | { readonly kind: "body"; readonly text: string }
  | { readonly kind: "too-large" }
  | { readonly kind: "aborted" };

/** True when a request brings a body: the hot path does not wait for one. */
export function hasBody(req: IncomingMessage): boolean {
  const length = req.headers["content-length"];
  return (length !== undefined && length !== "0") || req.headers["transfer-encoding"] !== undefined;
}

/**
 * Reads a body of at most `maxBytes`, as UTF-8.
 *
 * Errors: `too-large` as soon as it is known, also from the announced length; what follows is not kept. `aborted` when
 *         the other side went away. Bytes that are not UTF-8 become replacement characters.
 */
export function readBody(req: IncomingMessage, maxBytes: number): Promise<BodyReading> {
  if (Number(req.headers["content-length"] ?? 0) > maxBytes) return Promise.resolve({ kind: "too-large" });
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    req.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > maxBytes) resolve({ kind: "too-large" });
      else chunks.push(chunk);
    });
    req.on("end", () => resolve({ kind: "body", text: Buffer.concat(chunks).toString("utf8") }));
    req.on("error", () => resolve({ kind: "aborted" }));
    req.on("close", () => resolve({ kind: "aborted" }));
  });
}
