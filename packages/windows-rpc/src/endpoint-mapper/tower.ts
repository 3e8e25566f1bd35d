import { NDR20, type RpcInterface } from "../dcerpc/rpc-interface.ts";
import { NdrFault, uuidBytes, uuidText } from "../ndr/index.ts";

const UUID_FLOOR = 0x0d;
const CONNECTION_ORIENTED = 0x0b;
const TCP = 0x07;
const IP = 0x09;
/** An interface over TCP has five; nobody stacks many more. */
const FLOORS_MAX = 16;

export interface TcpTower {
  readonly interface: RpcInterface;
  readonly port: number;
}

/**
 * Writes how an interface is reached over TCP, for asking (`port` 0) or for answering.
 * Source: [C706] appendix L, [MS-RPCE] 2.2.1.2.5 (documented); captured from Samba.
 */
export function encodeTower({ interface: { uuid, version }, port }: TcpTower): Buffer {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const address = Buffer.alloc(2);
  address.writeUInt16BE(port);
  return Buffer.concat([
    u16(5),
    floor(Buffer.concat([Buffer.of(UUID_FLOOR), uuidBytes(uuid), u16(major)]), u16(minor)),
    floor(Buffer.concat([Buffer.of(UUID_FLOOR), uuidBytes(NDR20.uuid), u16(2)]), u16(0)),
    floor(Buffer.of(CONNECTION_ORIENTED), u16(0)),
    floor(Buffer.of(TCP), address),
    // The address is left open: the port counts at the host that was asked.
    floor(Buffer.of(IP), Buffer.alloc(4)),
  ]);
}

/** Null for a tower of another transport. Errors: `NdrFault` for bytes that are no tower. */
export function decodeTower(bytes: Buffer): TcpTower | null {
  const floors = readFloors(bytes);
  const [first] = floors;
  if (
    first === undefined ||
    first.left.length !== 19 ||
    first.left[0] !== UUID_FLOOR ||
    first.right.length < 2
  )
    throw new NdrFault("a tower that stands on no interface");
  const tcp = floors.find(({ left }) => left[0] === TCP);
  if (tcp === undefined) return null;
  if (tcp.right.length !== 2) throw new NdrFault("a TCP port that has not two bytes");
  return {
    interface: {
      uuid: uuidText(first.left.subarray(1, 17)),
      version: `${first.left.readUInt16LE(17)}.${first.right.readUInt16LE(0)}`,
    },
    port: tcp.right.readUInt16BE(0),
  };
}

function readFloors(bytes: Buffer): { readonly left: Buffer; readonly right: Buffer }[] {
  let at = 0;
  const counted = () => {
    if (at + 2 > bytes.length) throw new NdrFault("a tower ends in the middle");
    const length = bytes.readUInt16LE(at);
    const part = bytes.subarray(at + 2, at + 2 + length);
    if (part.length !== length) throw new NdrFault("a tower ends in the middle");
    at += 2 + length;
    return part;
  };
  if (bytes.length < 2) throw new NdrFault("a tower ends in the middle");
  const count = bytes.readUInt16LE(0);
  at = 2;
  if (count > FLOORS_MAX) throw new NdrFault(`a tower of ${count} floors`);
  return Array.from({ length: count }, () => ({ left: counted(), right: counted() }));
}

function floor(left: Buffer, right: Buffer): Buffer {
  return Buffer.concat([u16(left.length), left, u16(right.length), right]);
}

function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}
