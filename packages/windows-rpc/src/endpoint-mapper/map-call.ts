import type { RpcInterface } from "../dcerpc/rpc-interface.ts";
import { NdrFault, NdrReader, NdrWriter } from "../ndr/index.ts";
import { decodeTower, encodeTower, type TcpTower } from "./tower.ts";

export const ENDPOINT_MAPPER: RpcInterface = { uuid: "e1af8308-5d1f-11c9-91a4-08002b14a0fa", version: "3.0" };
export const EPT_MAP = 3;
export const NOT_REGISTERED = 0x16c9_a0d6;
const TOWERS_MAX = 4;
const TOWER_BYTES_MAX = 2_000;

/** Asks where an interface is reached. Source: [C706] appendix O, ept_map (documented); captured from Samba. */
export function encodeMapRequest(wanted: RpcInterface): Buffer {
  const tower = encodeTower({ interface: wanted, port: 0 });
  return new NdrWriter()
    .pointer()
    .bytes(Buffer.alloc(16)) // no object
    .pointer()
    .u32(tower.length)
    .byteArray(tower)
    .align(4)
    .contextHandle(Buffer.alloc(20))
    .u32(TOWERS_MAX)
    .done();
}

export interface MapQuestion {
  /** Null where the question is for no TCP tower. */
  readonly tower: TcpTower | null;
  /** How many towers the client has room for: the answer must name the same number. */
  readonly room: number;
}

/** The server's side. Errors: `NdrFault`. */
export function decodeMapRequest(stub: Uint8Array): MapQuestion {
  const reader = new NdrReader(stub);
  if (reader.pointer()) reader.bytes(16, 4);
  let tower: TcpTower | null = null;
  if (reader.pointer()) {
    reader.u32();
    tower = decodeTower(reader.byteArray(TOWER_BYTES_MAX));
  }
  reader.contextHandle();
  return { tower, room: reader.u32() };
}

export function encodeMapAnswer(towers: readonly TcpTower[], room: number, status: number): Buffer {
  const given = towers.slice(0, room);
  const writer = new NdrWriter().contextHandle(Buffer.alloc(20));
  writer.u32(given.length).u32(room).u32(0).u32(given.length);
  for (const _ of given) writer.pointer();
  for (const tower of given) {
    const bytes = encodeTower(tower);
    writer.u32(bytes.length).u32(bytes.length).bytes(bytes);
  }
  return writer.u32(status).done();
}

/** Errors: `NdrFault` for an answer that is none. */
export function decodeMapAnswer(stub: Uint8Array): {
  readonly towers: readonly TcpTower[];
  readonly status: number;
} {
  const reader = new NdrReader(stub);
  reader.contextHandle();
  reader.u32(); // how many there are
  reader.u32(); // room of the array
  reader.u32(); // its offset
  const count = reader.count(4, 500);
  const present = Array.from({ length: count }, () => reader.pointer());
  const towers: TcpTower[] = [];
  for (const isThere of present) {
    if (!isThere) continue;
    reader.u32();
    const length = reader.u32();
    if (length > TOWER_BYTES_MAX) throw new NdrFault(`a tower of ${length} bytes`);
    const tower = decodeTower(reader.bytes(length));
    if (tower !== null) towers.push(tower);
  }
  return { towers, status: reader.u32() };
}
