import { connectRpc, type RpcConnection } from "@rollcall/windows-rpc/dcerpc";
import { findEndpoint } from "@rollcall/windows-rpc/endpoint-mapper";
import { EVENT_LOG, type EventLogSession, openEventLog } from "@rollcall/windows-rpc/even6";
import { createNtlmContext } from "@rollcall/windows-rpc/ntlm";
import type { EventServer, ServedAccount } from "../event-server.ts";

export const READER: ServedAccount = { user: "svc-events", password: "Reader-of-logs-1" };

/** Our client's whole way to a server: mapper, port, login. */
export async function connectTo(
  server: EventServer,
  account: ServedAccount = READER,
): Promise<{ readonly session: EventLogSession; readonly connection: RpcConnection }> {
  const host = "127.0.0.1";
  const timeoutMs = 10_000;
  const port = await findEndpoint({ host, mapperPort: server.mapperPort, interface: EVENT_LOG, timeoutMs });
  const connection = await connectRpc({
    host,
    port,
    interface: EVENT_LOG,
    context: createNtlmContext({ user: account.user, password: account.password, domain: "TEST" }),
    timeoutMs,
  });
  return { session: openEventLog({ connection }), connection };
}
