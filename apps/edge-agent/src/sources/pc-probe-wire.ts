import {
  createWinrmMethod,
  createWmiMethod,
  systemNames,
  windowsContexts,
} from "@rollcall/collectors/pc-probe";
import type { ProbeWire } from "./pc-probe-source.ts";

/** Of each question to DNS; both are asked before a computer is. */
const DNS_MS = 1500;

/** How computers are really reached: WMI and WinRM at Windows' own ports, names by this machine's DNS. */
export function systemProbeWire({ now }: { readonly now: () => number }): ProbeWire {
  const contexts = windowsContexts(now);
  return {
    names: systemNames(DNS_MS),
    method: (id) => (id === "wmi" ? createWmiMethod({ contexts }) : createWinrmMethod({ contexts })),
  };
}
