import { existsSync, readdirSync } from "node:fs";
import path from "node:path";

/** Real event log files, where they are at hand: `../shared/data/evtx` beside the project (its MANIFEST.md says whose). */
const FOLDER = path.resolve(import.meta.dirname, "../../../../../shared/data/evtx");

export const hasRealRecords = existsSync(FOLDER);
if (!hasRealRecords) console.warn(`skipped: no real event logs at ${FOLDER}`);

/** Files of controllers: logons, tickets, failures. */
export function controllerFiles(): string[] {
  const folder = path.join(FOLDER, "cc0-evtx-to-mitre");
  return [
    "ID47x_4661-4662_5136_4688_4697-SAM_the_admin_CVE-2021-42287_.evtx",
    "ID4769-Kerberos_TGS_host_enumeration_Bloodhound_.evtx",
    "ID4768-4769-Kerberos_host_ticket_without_a_trailing_.evtx",
    "ID4662-4624-Honeypot_account_property_read.evtx",
    "ID4688_4778_4779_RDP_hijack_direct.evtx",
  ].map((name) => path.join(folder, name));
}

export function collectorFile(): string {
  return path.join(FOLDER, "mit-omerbenamram-evtx/MSExchange_Management_wec.evtx");
}

/** All there are. */
export function allFiles(): string[] {
  return ["cc0-evtx-to-mitre", "mit-omerbenamram-evtx", "mit-ts-evtx"].flatMap((folder) =>
    readdirSync(path.join(FOLDER, folder))
      .filter((name) => name.endsWith(".evtx"))
      .map((name) => path.join(FOLDER, folder, name)),
  );
}
