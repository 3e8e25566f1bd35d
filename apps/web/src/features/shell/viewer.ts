import { cookies } from "next/headers";
import { cache } from "react";
import { loadPage } from "~/features/door/load-page.ts";
import { api } from "~/server/api.ts";
import type { ShellPerson } from "./person.ts";
import { BROWSER_ZONE_COOKIE, parseZoneChoice, type ShownZone, ZONE_COOKIE, zoneFor } from "./zone.ts";

/** The person asking, once a request. */
export const viewer = cache(async () => {
  const me = await loadPage(api.me.get());
  const person: ShellPerson = {
    name: me.user.name,
    email: me.user.email,
    timeZone: me.user.timeZone,
    practiceName: me.practice.name,
  };
  return { me, person };
});

/** The zone that times are written in, from the reader's choice. */
export async function shownZone(mine: string, customer: string | null): Promise<ShownZone> {
  const jar = await cookies();
  const choice = parseZoneChoice(jar.get(ZONE_COOKIE)?.value);
  const zones = { mine, customer };
  return { choice, zones, shown: zoneFor(choice, zones, jar.get(BROWSER_ZONE_COOKIE)?.value) };
}
