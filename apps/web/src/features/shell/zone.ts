/** The cookies that keep the reader's choice of time zone, and the zone of that browser where it was chosen. */
export const ZONE_COOKIE = "rollcall-zone";
export const BROWSER_ZONE_COOKIE = "rollcall-zone-browser";

export type ZoneChoice = "mine" | "browser" | "customer" | "utc";

export interface Zones {
  /** The person's own, from the profile. */
  readonly mine: string;
  /** The customer's, on a customer's pages. */
  readonly customer: string | null;
}

export function parseZoneChoice(value: string | undefined): ZoneChoice {
  return value === "browser" || value === "customer" || value === "utc" ? value : "mine";
}

/** Which zone times are shown in. Shape: a zone that this runtime knows; UTC where it knows none of them. */
export function zoneFor(choice: ZoneChoice, zones: Zones, browserZone: string | undefined): string {
  const wanted = {
    utc: "UTC",
    customer: zones.customer ?? zones.mine,
    browser: browserZone ?? zones.mine,
    mine: zones.mine,
  }[choice];
  return isZone(wanted) ? wanted : isZone(zones.mine) ? zones.mine : "UTC";
}

function isZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en-GB", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** What the shell shows of it: the choice, what there is to choose from, and the zone that came of it. */
export interface ShownZone {
  readonly choice: ZoneChoice;
  readonly zones: Zones;
  readonly shown: string;
}
