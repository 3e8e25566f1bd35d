import Link from "next/link";
import type { ReactNode } from "react";
import { LivePill } from "~/features/live/live-pill.tsx";
import { Palette } from "./palette.tsx";
import type { ShellCustomer, ShellPerson } from "./person.ts";
import { ScopeSwitcher } from "./scope-switcher.tsx";
import { UserMenu } from "./user-menu.tsx";
import { Wordmark } from "./wordmark.tsx";
import type { ShownZone } from "./zone.ts";
import { ZoneMenu } from "./zone-menu.tsx";

export interface ShellProps {
  readonly person: ShellPerson;
  readonly customer: ShellCustomer | null;
  /** False: the person has one customer only and never sees a switcher. */
  readonly canSwitch: boolean;
  readonly siteSwitcher?: ReactNode;
  readonly zone: ShownZone;
  readonly navigation: ReactNode;
  readonly mobileNavigation: ReactNode;
  readonly children: ReactNode;
}

/** Header (product / customer / site), navigation, page. The customer's hue stands above everything. */
export function Shell({
  person,
  customer,
  canSwitch,
  siteSwitcher,
  zone,
  navigation,
  mobileNavigation,
  children,
}: ShellProps) {
  return (
    <div className="flex min-h-dvh flex-col">
      <a
        href="#main"
        className="sr-only z-70 rounded-md bg-ink px-3 py-2 text-sm font-semibold text-canvas focus:not-sr-only focus:fixed focus:top-2 focus:left-2"
      >
        Skip to the page
      </a>
      <header className="sticky top-0 z-30 bg-surface">
        {customer === null ? null : <div aria-hidden data-hue={customer.hue % 10} className="hue-bar h-1" />}
        <div className="flex min-h-11 flex-wrap items-center gap-x-2 gap-y-1.5 border-b border-line px-4 py-1.5">
          <Link href="/" aria-label="Rollcall, start" className="rounded-sm px-0.5">
            <Wordmark />
          </Link>
          <Slash />
          {canSwitch || customer === null ? (
            <ScopeSwitcher current={customer} />
          ) : (
            <span className="truncate text-sm font-semibold">{customer.name}</span>
          )}
          {siteSwitcher}
          <div className="ml-auto flex items-center gap-2">
            <LivePill />
            <Palette customer={customer} canSwitch={canSwitch} />
            <div className="hidden xl:block">
              <ZoneMenu zone={zone} />
            </div>
            <UserMenu person={person} zone={zone} />
            {mobileNavigation}
          </div>
        </div>
      </header>
      <div className="flex min-h-0 flex-1">
        <div className="sticky top-12 hidden h-[calc(100dvh-3rem)] w-52 shrink-0 overflow-y-auto border-r border-line py-3 pr-2 lg:block">
          {navigation}
        </div>
        <main id="main" tabIndex={-1} className="min-w-0 flex-1 outline-none">
          {children}
        </main>
      </div>
    </div>
  );
}

function Slash() {
  return (
    <span aria-hidden className="text-ink-3 max-sm:hidden">
      /
    </span>
  );
}
