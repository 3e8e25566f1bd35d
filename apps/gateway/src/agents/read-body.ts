import type { IncomingMessage } from "node:http";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";

const inflate = promisify(gunzip);

export interface BodyLimits {
  /** Of the bytes on the wire. */
  readonly maxBytes: number;
  readonly maxInflatedBytes: number;
}

export type ReadBody =
  | { readonly kind: "body"; readonly text: string }
  | { readonly kind: "too-large"; readonly maxBytes: number }
  | { readonly kind: "unreadable"; readonly reason: string }
  /** The peer went away. */
  | { readonly kind: "gone" };

/**
 * Reads a request's body.
 *
 * Shape:  UTF-8 text, unpacked where `content-encoding: gzip` says so.
 * Units:  bytes. Checked in this order, each before the next step spends anything: announced length, length on the
 *         wire, unpacked length. What passes a limit is never held.
 * Errors: outcomes only. After `too-large` the rest of the body is left unread: close the connection.
 */
export async function readBody(request: IncomingMessage, limits: BodyLimits): Promise<ReadBody> {
  const announced = Number(request.headers["content-length"] ?? "0");
  if (announced > limits.maxBytes) return { kind: "too-large", maxBytes: limits.maxBytes };
  const encoding = (request.headers["content-encoding"] ?? "identity").trim().toLowerCase();
  if (encoding !== "identity" && encoding !== "gzip")
    return { kind: "unreadable", reason: "content-encoding other than gzip" };
  const raw = await collect(request, limits.maxBytes);
  if (!Buffer.isBuffer(raw)) return raw;
  const plain = encoding === "gzip" ? await unpack(raw, limits.maxInflatedBytes) : raw;
  if (!Buffer.isBuffer(plain)) return plain;
  try {
    return { kind: "body", text: new TextDecoder("utf-8", { fatal: true }).decode(plain) };
  } catch {
    return { kind: "unreadable", reason: "not UTF-8" };
  }
}

async function collect(request: IncomingMessage, maxBytes: number): Promise<Buffer | ReadBody> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > maxBytes) return { kind: "too-large", maxBytes };
      chunks.push(chunk);
    }
  } catch {
    return { kind: "gone" };
  }
  return Buffer.concat(chunks, bytes);
}

async function unpack(raw: Buffer, maxInflatedBytes: number): Promise<Buffer | ReadBody> {
  try {
    return await inflate(raw, { maxOutputLength: maxInflatedBytes });
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : null;
    if (code === "ERR_BUFFER_TOO_LARGE") return { kind: "too-large", maxBytes: maxInflatedBytes };
    return { kind: "unreadable", reason: "not gzip" };
  }
}
