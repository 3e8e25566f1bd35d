import type { State } from "@rollcall/ui/state";

interface Asked {
  readonly lastTokenAt: Date | null;
  readonly lastBatchAt: Date | null;
  readonly lastIpQueryAt: Date | null;
}

/** When a firewall last asked anything; null where it never did. */
export function lastAsked({ lastTokenAt, lastBatchAt, lastIpQueryAt }: Asked): Date | null {
  const times = [lastTokenAt, lastBatchAt, lastIpQueryAt].filter((at) => at !== null);
  return times.length === 0 ? null : new Date(Math.max(...times.map((at) => at.getTime())));
}

/** The word on a firewall's chip: truer than "Healthy" for something that asks. */
export function askingWord(state: State): string | undefined {
  return state === "ok" ? "Asking" : state === "never" ? "Never asked" : undefined;
}

/** "CD\j.illingworth"; "nobody" where there is none. */
export function personOf(who: { readonly user: string | null; readonly domain: string | null }): string {
  if (who.user === null) return "nobody";
  return who.domain === null || who.domain === "" ? who.user : `${who.domain}\\${who.user}`;
}
