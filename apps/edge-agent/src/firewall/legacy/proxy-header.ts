import { timingSafeEqual } from "node:crypto";
import { parseIp } from "@rollcall/identity-core";
import type { Peer } from "@rollcall/srx-server";

/**
 * PROXY protocol, version 2: how the legacy listener tells the agent who is at the other end of a connection it hands on.
 * Source: the protocol's text, haproxy.org/download/3.0/doc/proxy-protocol.txt, section 2.2 (documented).
 */
const SIGNATURE = Buffer.from("0d0a0d0a000d0a515549540a", "hex");
const VERSION_AND_PROXY = 0x21;
const TCP4 = 0x11;
const TCP6 = 0x21;
const FIXED_BYTES = 16;
/** Of the range that is free for one's own use: that whoever writes this is the listener that we started. */
const TLV_TOKEN = 0xe0;
/** As above: what the peer speaks, in our own words. The standard's own TLVs say it in pieces. */
const TLV_TRANSPORT = 0xe1;
export const TOKEN_BYTES = 32;
export const HEADER_BYTES_MAX = 1024;

export interface ForwardedPeer extends Peer {
  readonly port: number;
}

/** Writes the header that goes before the first byte of a connection. `token`: 32 bytes. */
export function encodeProxyHeader(peer: ForwardedPeer, token: Uint8Array): Buffer {
  const address = addressBytes(peer.address);
  const ports = Buffer.alloc(4);
  ports.writeUInt16BE(peer.port, 0);
  const body = Buffer.concat([
    address,
    Buffer.alloc(address.length),
    ports,
    tlv(TLV_TOKEN, token),
    tlv(TLV_TRANSPORT, Buffer.from(peer.transport, "latin1").subarray(0, 400)),
  ]);
  const head = Buffer.from([VERSION_AND_PROXY, address.length === 4 ? TCP4 : TCP6, 0, 0]);
  head.writeUInt16BE(body.length, 2);
  return Buffer.concat([SIGNATURE, head, body]);
}

export type ProxyHeader =
  | { readonly kind: "incomplete" }
  | { readonly kind: "refused" }
  | { readonly kind: "header"; readonly peer: Peer; readonly bytes: number };

/** Reads the header at the head of `bytes`. Refused: none, one that is malformed or too long, or of somebody without the token. */
export function decodeProxyHeader(bytes: Buffer, token: Uint8Array): ProxyHeader {
  const known = Math.min(bytes.length, SIGNATURE.length);
  if (!bytes.subarray(0, known).equals(SIGNATURE.subarray(0, known))) return { kind: "refused" };
  if (bytes.length < FIXED_BYTES) return { kind: "incomplete" };
  const end = FIXED_BYTES + bytes.readUInt16BE(14);
  const family = bytes[13];
  if (bytes[12] !== VERSION_AND_PROXY || (family !== TCP4 && family !== TCP6) || end > HEADER_BYTES_MAX)
    return { kind: "refused" };
  if (bytes.length < end) return { kind: "incomplete" };
  const addressLength = family === TCP4 ? 4 : 16;
  const tlvs = readTlvs(bytes.subarray(FIXED_BYTES + 2 * addressLength + 4, end));
  const shown = tlvs?.get(TLV_TOKEN);
  const address = addressText(bytes.subarray(FIXED_BYTES, FIXED_BYTES + addressLength));
  if (shown?.length !== token.length || !timingSafeEqual(shown, token) || address === null)
    return { kind: "refused" };
  const transport = tlvs?.get(TLV_TRANSPORT)?.toString("latin1") ?? "?";
  return { kind: "header", peer: { address, transport }, bytes: end };
}

function tlv(type: number, value: Uint8Array): Buffer {
  const head = Buffer.from([type, 0, 0]);
  head.writeUInt16BE(value.length, 1);
  return Buffer.concat([head, value]);
}

function readTlvs(bytes: Buffer): Map<number, Buffer> | null {
  const found = new Map<number, Buffer>();
  for (let at = 0; at < bytes.length; ) {
    if (at + 3 > bytes.length) return null;
    const end = at + 3 + bytes.readUInt16BE(at + 1);
    if (end > bytes.length) return null;
    found.set(bytes[at] ?? 0, bytes.subarray(at + 3, end));
    at = end;
  }
  return found;
}

function addressBytes(address: string): Buffer {
  if (!address.includes(":")) return Buffer.from(address.split(".").map(Number));
  const [head = "", tail] = address.split("::");
  const groups = (text: string) => text.split(":").filter((group) => group !== "");
  const [before, after] = [groups(head), groups(tail ?? "")];
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => "0");
  const bytes = Buffer.alloc(16);
  for (const [n, group] of [...before, ...zeros, ...after].entries())
    bytes.writeUInt16BE(Number.parseInt(group, 16), 2 * n);
  return bytes;
}

function addressText(bytes: Buffer): string | null {
  if (bytes.length === 4) return parseIp([...bytes].join("."));
  const groups = Array.from({ length: 8 }, (_, n) => bytes.readUInt16BE(2 * n).toString(16));
  return parseIp(groups.join(":"));
}
