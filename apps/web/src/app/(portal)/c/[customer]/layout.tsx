import { TimeProvider } from "@rollcall/ui/time";
import type { Metadata } from "next";
import type { ReactNode } from "react";
import { loadPage } from "~/features/door/load-page.ts";
import { LiveProvider } from "~/features/live/live-provider.tsx";
import { CustomerProvider } from "~/features/shell/customer-context.tsx";
import { CustomerMobileNav, CustomerNav } from "~/features/shell/customer-nav.tsx";
import { customerOverview } from "~/features/shell/customer-overview.ts";
import { MayProvider } from "~/features/shell/may.tsx";
import { Shell } from "~/features/shell/shell.tsx";
import { shownZone, viewer } from "~/features/shell/viewer.ts";
import { SiteSwitcher } from "~/features/sites/site-switcher.tsx";

interface Props {
  readonly params: Promise<{ customer: string }>;
  readonly children: ReactNode;
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const { customer: slug } = await params;
  // What cannot be loaded is said by the page below; a title is due all the same.
  const name = await customerOverview(slug).then(
    ({ customer }) => customer.name,
    () => "Not found",
  );
  return { title: { default: name, template: `%s · ${name} · Rollcall` } };
}

export default async function CustomerLayout({ params, children }: Props) {
  const { customer: slug } = await params;
  const [{ me, person }, overview] = await Promise.all([
    viewer(),
    loadPage(customerOverview(slug), `/c/${slug}`),
  ]);
  const { customer } = overview;
  const zone = await shownZone(person.timeZone, customer.timeZone);
  return (
    <TimeProvider zone={zone.shown} renderedAt={Date.now()}>
      <MayProvider may={overview.may}>
        <CustomerProvider customer={customer}>
          <LiveProvider customer={slug}>
            <Shell
              person={person}
              customer={customer}
              canSwitch={me.onlyCustomer === null}
              zone={zone}
              siteSwitcher={<SiteSwitcher customer={slug} />}
              navigation={<CustomerNav initial={overview} />}
              mobileNavigation={<CustomerMobileNav initial={overview} />}
            >
              {children}
            </Shell>
          </LiveProvider>
        </CustomerProvider>
      </MayProvider>
    </TimeProvider>
  );
}
