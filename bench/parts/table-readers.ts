import { createInterface } from "node:readline";
import { closeFleet, type FleetPlace, openFleet, readEverything } from "./fleet.ts";

/**
 * Firewalls in a process of their own: `node table-readers.ts PLACE FROM COUNT`, PLACE a `FleetPlace` as JSON. Says `ready` once
 * all are connected; for each line on its input all of them read the whole table, and it says how many bytes that were.
 */
const [place = "", from = "", count = ""] = process.argv.slice(2);
const fleet = await openFleet(JSON.parse(place) as FleetPlace, Number(from), Number(count));
console.log("ready");
for await (const _ of createInterface({ input: process.stdin })) {
  const bytes = await Promise.all(
    fleet.map((firewall) => {
      firewall.cookie = "";
      return readEverything(firewall);
    }),
  );
  console.log(String(bytes.reduce((sum, some) => sum + some, 0)));
}
closeFleet(fleet);
