import type { RpcInterface } from "../dcerpc/rpc-interface.ts";
import {
  decodeMapRequest,
  ENDPOINT_MAPPER,
  EPT_MAP,
  encodeMapAnswer,
  NOT_REGISTERED,
} from "../endpoint-mapper/map-call.ts";
import type { RpcServerInterface } from "./rpc-server.ts";

export interface RegisteredEndpoint extends RpcInterface {
  readonly port: number;
}

/**
 * An endpoint mapper to be served by `startRpcServer`. `endpoints` is asked at each call, so that a test may move a port as
 * a restart does.
 */
export function endpointMapper(endpoints: () => readonly RegisteredEndpoint[]): RpcServerInterface {
  return {
    ...ENDPOINT_MAPPER,
    isOpenToAll: true,
    call: (opnum, stub) => {
      if (opnum !== EPT_MAP) return null;
      const { tower, room } = decodeMapRequest(stub);
      const wanted = tower?.interface;
      const towers = endpoints()
        .filter(({ uuid, version }) => uuid.toLowerCase() === wanted?.uuid && version === wanted.version)
        .map(({ uuid, version, port }) => ({ interface: { uuid, version }, port }));
      return encodeMapAnswer(towers, room, towers.length > 0 ? 0 : NOT_REGISTERED);
    },
  };
}
