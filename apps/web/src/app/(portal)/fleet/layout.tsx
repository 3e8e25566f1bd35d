import { TimeProvider } from "@rollcall/ui/time";
import { redirect } from "next/navigation";
import type { ReactNode } from "react";
import { LiveProvider } from "~/features/live/live-provider.tsx";
import { PracticeMobileNav, PracticeNav } from "~/features/shell/customer-nav.tsx";
import { MayProvider } from "~/features/shell/may.tsx";
import { Shell } from "~/features/shell/shell.tsx";
import { shownZone, viewer } from "~/features/shell/viewer.ts";

export default async function FleetLayout({ children }: { children: ReactNode }) {
  const { me, person } = await viewer();
  if (me.onlyCustomer !== null) redirect(`/c/${me.onlyCustomer}`);
  const zone = await shownZone(person.timeZone, null);
  return (
    <TimeProvider zone={zone.shown} renderedAt={Date.now()}>
      <MayProvider may={me.permissions}>
        <LiveProvider>
          <Shell
            person={person}
            customer={null}
            canSwitch
            zone={zone}
            navigation={<PracticeNav />}
            mobileNavigation={<PracticeMobileNav />}
          >
            {children}
          </Shell>
        </LiveProvider>
      </MayProvider>
    </TimeProvider>
  );
}
