export {
  ACCESS_DENIED,
  BAD_STUB_DATA,
  CONTEXT_MISMATCH,
  faultName,
  faultText,
  OPNUM_OUT_OF_RANGE,
  PROTOCOL_ERROR,
  SECURITY_PACKAGE_ERROR,
  UNKNOWN_INTERFACE,
} from "./fault-status.ts";
export { type CallOptions, connectRpc, type RpcConnection, type RpcTarget } from "./rpc-connection.ts";
export { RpcConnectionError, type RpcFailure, RpcFault } from "./rpc-faults.ts";
export type { RpcInterface } from "./rpc-interface.ts";
