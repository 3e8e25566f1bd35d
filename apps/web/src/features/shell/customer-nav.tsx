"use client";

import { useQuery } from "@tanstack/react-query";
import { useTRPC } from "~/trpc/client.tsx";
import type { Outputs } from "~/trpc/outputs.ts";
import { MobileNav } from "./mobile-nav.tsx";
import { customerNav, type NavCounts, PRACTICE_NAV } from "./navigation.ts";
import { SideNav } from "./side-nav.tsx";

type Overview = Outputs["customers"]["overview"];

function countsOf(overview: Overview): NavCounts {
  const { counts } = overview;
  return {
    agents: counts.agents,
    directories: counts.directories,
    syslogSources: counts.syslogSources,
    eventSources: counts.eventSources,
    credentials: counts.credentials,
    enforcementPoints: counts.enforcementPoints,
    filters: counts.filters,
    openSuggestions: counts.openSuggestions,
    sites: counts.sites,
    people: counts.people,
  };
}

function useCustomerNav(initial: Overview) {
  const trpc = useTRPC();
  const slug = initial.customer.slug;
  const { data } = useQuery(
    trpc.customers.overview.queryOptions({ customer: slug }, { initialData: initial }),
  );
  return { groups: customerNav(slug, data.setup.done < data.setup.of), counts: countsOf(data) };
}

/** The customer's navigation with counts that stay true. */
export function CustomerNav({ initial }: { initial: Overview }) {
  const { groups, counts } = useCustomerNav(initial);
  return <SideNav label="Customer" groups={groups} counts={counts} />;
}

export function CustomerMobileNav({ initial }: { initial: Overview }) {
  const { groups, counts } = useCustomerNav(initial);
  return (
    <MobileNav>
      {(close) => <SideNav label="Customer" groups={groups} counts={counts} onGo={close} />}
    </MobileNav>
  );
}

export function PracticeNav() {
  return <SideNav label="Practice" groups={PRACTICE_NAV} counts={{}} />;
}

export function PracticeMobileNav() {
  return (
    <MobileNav>
      {(close) => <SideNav label="Practice" groups={PRACTICE_NAV} counts={{}} onGo={close} />}
    </MobileNav>
  );
}
