import { readFile } from "node:fs/promises";
import type { BigAgent } from "./big-agent.ts";
import { WireClient } from "./wire-client.ts";

export const BATCH = "/user_query/v2/users/endpoints";
/** A source address may hold 200 connections: that many firewalls stand behind one here. */
const FIREWALLS_PER_ADDRESS = 150;

const OPENED_AT_ONCE = 8;

/** One firewall with its connection, its token and where it stands. */
export interface FleetFirewall {
  readonly client: WireClient;
  readonly token: string;
  readonly address: string;
  cookie: string;
  /** The question under way, where several ask on its connection. */
  busy: Promise<void>;
}

/** Where a fleet asks, and as whom: what it needs to know of an agent. */
export type FleetPlace = Pick<BigAgent, "firewallPort" | "caFile" | "clientIds" | "secret">;

/** Opens a connection and gets a token for each of the agent's firewalls, from addresses of their own. */
export async function openFleet(
  agent: FleetPlace,
  from: number,
  count: number,
): Promise<readonly FleetFirewall[]> {
  const ca = await readFile(agent.caFile, "utf8");
  const fleet: FleetFirewall[] = [];
  let next = from;
  const open = async (): Promise<void> => {
    for (let at = next++; at < from + count; at = next++) {
      const address = `127.0.1.${1 + Math.floor(at / FIREWALLS_PER_ADDRESS)}`;
      const client = await WireClient.open(agent.firewallPort, ca, address);
      const token = await client.token(agent.clientIds[at] ?? "", agent.secret);
      fleet[at - from] = { client, token, address, cookie: "", busy: Promise.resolve() };
    }
  };
  await Promise.all(Array.from({ length: OPENED_AT_ONCE }, open));
  return fleet;
}

export function closeFleet(fleet: readonly FleetFirewall[]): void {
  for (const { client } of fleet) client.close();
}

/** One batch query. Throws for anything but 200. */
export async function poll(firewall: FleetFirewall, limit: number): Promise<number> {
  const where = firewall.cookie === "" ? "begintime=0" : `cookie=${firewall.cookie}`;
  const answer = await firewall.client.ask(`${BATCH}?${where}&entry_count=${limit}`, firewall.token, false);
  if (answer.status !== 200 || answer.cookie === "") throw new Error(`a batch was answered ${answer.status}`);
  firewall.cookie = answer.cookie;
  return answer.bytes;
}

/** Reads until there is nothing new. Gives the bytes of the bodies. */
export async function readEverything(firewall: FleetFirewall): Promise<number> {
  let bytes = 0;
  for (;;) {
    const before = firewall.cookie;
    bytes += await poll(firewall, 1000);
    if (firewall.cookie === before) return bytes;
  }
}

/** Puts a firewall at the end of the table without reading it: nothing has changed yet in ten seconds' time. */
export async function catchUp(firewall: FleetFirewall): Promise<void> {
  const at = Math.floor(Date.now() / 1000) + 10;
  const answer = await firewall.client.ask(`${BATCH}?begintime=${at}&entry_count=1000`, firewall.token);
  if (answer.status !== 200) throw new Error(`a batch was answered ${answer.status}`);
  firewall.cookie = answer.cookie;
}

/** The value below which that part of the sorted values lies. */
export function percentile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}
