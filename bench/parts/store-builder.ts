import path from "node:path";
import { silentLogger } from "@rollcall/observability";
import { openResponderIdentity } from "../../apps/edge-agent/src/firewall/responder-identity.ts";
import { TableKeeper } from "../../apps/edge-agent/src/pipeline/table-keeper.ts";
import { openStore } from "../../apps/edge-agent/src/state/open-store.ts";
import { openStateFolder } from "../../apps/edge-agent/src/state/state-folder.ts";
import { bigFactsOf, bigLogonOf } from "./big-sessions.ts";

/**
 * Writes the state folder of an agent with that many sessions, through the agent's own parts:
 * `node store-builder.ts FOLDER SESSIONS GROUPS`. Ends with 0 when it is on the disk.
 */
const [folder = "", sessions = 0, groups = 20] = process.argv
  .slice(2)
  .map((arg, at) => (at === 0 ? arg : Number(arg))) as [string, number, number];
const BATCH = 5000;
const DAY_MS = 86_400_000;

const state = openStateFolder(path.resolve(folder));
const now = Date.now();
const { store } = openStore(state.store, now);
const keeper = new TableKeeper(store, {
  issuer: openResponderIdentity(state.responder).issuer,
  now: () => now,
  log: silentLogger,
});
// As a site has them that says nothing of it: an agent that starts by another law looks at every session again.
keeper.setSettings({ arbitration: "law", corroboration: "detect", tombstoneMs: DAY_MS });
for (let from = 0; from < sessions; from += BATCH) {
  const numbers = Array.from({ length: Math.min(BATCH, sessions - from) }, (_, at) => from + at);
  keeper.write([
    {
      // As from the cloud: a directory of this site would be read again at each start, and keep its facts beside.
      origin: "cloud",
      facts: numbers.map((at) => bigFactsOf(at, groups, now)),
      observations: numbers.map((at) => bigLogonOf(at, now)),
      bookmark: null,
    },
  ]);
  while (store.spool.prune(now + 2 * DAY_MS, { isPressed: true, isAlone: true }));
}
if (keeper.table.liveCount !== sessions)
  throw new Error(`the table holds ${keeper.table.liveCount} sessions of ${sessions}`);
store.close();
