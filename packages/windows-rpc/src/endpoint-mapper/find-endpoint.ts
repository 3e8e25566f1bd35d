import { connectRpc, RpcConnectionError, type RpcInterface } from "../dcerpc/index.ts";
import { decodeMapAnswer, ENDPOINT_MAPPER, EPT_MAP, encodeMapRequest } from "./map-call.ts";

const MAPPER_PORT = 135;

/**
 * Asks a host's endpoint mapper for the TCP port of an interface.
 *
 * Shape:  the port at that very host. It changes when the host starts again: ask anew for every connection.
 * Errors: `RpcConnectionError`: `no-interface` where nobody registered it, else as `connectRpc`; `NdrFault` for an answer
 *         that is none.
 */
export async function findEndpoint(asked: {
  readonly host: string;
  readonly interface: RpcInterface;
  readonly timeoutMs: number;
  readonly mapperPort?: number;
  readonly signal?: AbortSignal;
  readonly localAddress?: string;
}): Promise<number> {
  const { host, mapperPort = MAPPER_PORT, interface: wanted } = asked;
  const connection = await connectRpc({
    ...asked,
    port: mapperPort,
    interface: ENDPOINT_MAPPER,
    context: null,
    answerBytesMax: 1024 * 1024,
  });
  try {
    const stub = await connection.call(EPT_MAP, encodeMapRequest(wanted), { signal: asked.signal });
    const { towers } = decodeMapAnswer(stub);
    const found = towers.find(({ port }) => port > 0);
    if (found !== undefined) return found.port;
    throw new RpcConnectionError(
      "no-interface",
      `${host}:${mapperPort} has no TCP port for interface ${wanted.uuid} version ${wanted.version}`,
    );
  } finally {
    connection.close();
  }
}
