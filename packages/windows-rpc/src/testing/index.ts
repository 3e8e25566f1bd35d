export { endpointMapper, type RegisteredEndpoint } from "./endpoint-mapper-server.ts";
export {
  NtlmAcceptor,
  type NtlmAcceptorSettings,
  type NtlmLogin,
  type TestAccount,
} from "./ntlm-acceptor.ts";
export {
  type RpcCaller,
  type RpcServer,
  type RpcServerInterface,
  type RpcServerSettings,
  startRpcServer,
} from "./rpc-server.ts";
