import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { canonicalAddress } from "./source-address.ts";
import { transportOf } from "./tls-settings.ts";

/** Who is at the other end, and what it speaks. */
export interface Peer {
  /** An address in its one spelling. */
  readonly address: string;
  /** As `transportOf` writes it. */
  readonly transport: string;
}

const forwarded = new WeakMap<Socket, Peer>();

/** From now on the connection counts as this peer's: another process of ours took it and hands it on. */
export function rememberPeer(socket: Socket, peer: Peer): void {
  forwarded.set(socket, peer);
}

export function peerAddressOf(socket: Socket): string {
  return forwarded.get(socket)?.address ?? canonicalAddress(socket.remoteAddress);
}

export function peerTransportOf(socket: Socket): string {
  return forwarded.get(socket)?.transport ?? (socket instanceof TLSSocket ? transportOf(socket) : "no TLS");
}
