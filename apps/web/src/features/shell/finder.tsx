"use client";

import { Dialog } from "@base-ui/react/dialog";
import { Monogram } from "@rollcall/ui/monogram";
import { StateGlyph } from "@rollcall/ui/state";
import { keepPreviousData, skipToken, useQuery } from "@tanstack/react-query";
import { Command } from "cmdk";
import { useRouter } from "next/navigation";
import { useTheme } from "next-themes";
import { useDeferredValue, useState } from "react";
import { useTRPC } from "~/trpc/client.tsx";
import { useRights } from "./may.tsx";
import { allowedNav, customerNav, PRACTICE_NAV } from "./navigation.ts";
import type { ShellCustomer } from "./person.ts";

/** The palette's dialog. Loaded when it is first wanted. */
export default function Finder({
  open,
  onOpenChange,
  customer,
  canSwitch,
}: {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  customer: ShellCustomer | null;
  canSwitch: boolean;
}) {
  return (
    <Dialog.Root open={open} onOpenChange={onOpenChange}>
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 z-60 bg-scrim" />
        <Dialog.Viewport className="fixed inset-0 z-60 flex items-start justify-center p-4 pt-[12vh]">
          <Dialog.Popup className="w-full max-w-xl overflow-hidden rounded-lg border border-line bg-raised text-ink shadow-pop outline-none">
            <Dialog.Title className="sr-only">Find</Dialog.Title>
            <Hits customer={customer} canSwitch={canSwitch} onGo={() => onOpenChange(false)} />
          </Dialog.Popup>
        </Dialog.Viewport>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

const GROUP =
  "[&_[cmdk-group-heading]]:eyebrow [&_[cmdk-group-heading]]:px-3 [&_[cmdk-group-heading]]:pt-2 [&_[cmdk-group-heading]]:pb-1";
const ITEM =
  "flex min-h-9 cursor-pointer items-center gap-2.5 px-3 text-sm select-none data-[selected=true]:bg-sunken";

function Hits({
  customer,
  canSwitch,
  onGo,
}: {
  customer: ShellCustomer | null;
  canSwitch: boolean;
  onGo: () => void;
}) {
  const router = useRouter();
  const trpc = useTRPC();
  const { setTheme, resolvedTheme } = useTheme();
  const [typed, setTyped] = useState("");
  const q = useDeferredValue(typed.trim());
  const people = useQuery(
    trpc.sessions.fleetSearch.queryOptions(q.length < 2 ? skipToken : { q, limitPerCustomer: 4 }, {
      placeholderData: keepPreviousData,
    }),
  );
  const customers = useQuery(
    trpc.customers.list.queryOptions({ search: q, limit: 8 }, { placeholderData: keepPreviousData }),
  );
  const go = (href: string) => {
    onGo();
    router.push(href);
  };
  const rights = useRights();
  const places = allowedNav(
    [...(customer === null ? [] : customerNav(customer.slug, false)), ...(canSwitch ? PRACTICE_NAV : [])],
    (right) => rights.has(right),
  ).flatMap((group) => group.items);
  const wanted = typed.trim().toLowerCase();
  const fits = (words: string) => wanted === "" || words.toLowerCase().includes(wanted);
  const actions = [
    ...(canSwitch && rights.has("customer:create")
      ? [{ label: "Add a customer", run: () => go("/fleet/customers?add=true") }]
      : []),
    ...(customer !== null && rights.has("point:write")
      ? [{ label: "Add a firewall", run: () => go(`/c/${customer.slug}/enforcement?add=true`) }]
      : []),
    ...(customer !== null && rights.has("agent:enrol")
      ? [{ label: "Make an onboarding file", run: () => go(`/c/${customer.slug}/agents?onboard=true`) }]
      : []),
    {
      label: resolvedTheme === "dark" ? "Use the light theme" : "Use the dark theme",
      run: () => {
        setTheme(resolvedTheme === "dark" ? "light" : "dark");
        onGo();
      },
    },
  ].filter((action) => fits(action.label));
  const hits = q.length < 2 ? [] : (people.data?.hits ?? []);
  const fittingPlaces = places.filter((place) => fits(place.label));
  // Answers come later than key presses: Enter must always mean the first line that is seen.
  const firstHit = hits[0]?.items[0];
  const first =
    hits[0] !== undefined && firstHit !== undefined
      ? sessionKey(hits[0].customer.slug, firstHit)
      : customers.data?.items[0] !== undefined
        ? `customer ${customers.data.items[0].slug}`
        : fittingPlaces[0] !== undefined
          ? `go ${fittingPlaces[0].href}`
          : `do ${actions[0]?.label ?? ""}`;
  const [selected, setSelected] = useState({ first, value: first });
  if (selected.first !== first) setSelected({ first, value: first });

  return (
    <Command
      label="Find"
      shouldFilter={false}
      loop
      value={selected.value}
      onValueChange={(value) => setSelected({ first, value })}
    >
      <Command.Input
        value={typed}
        onValueChange={setTyped}
        placeholder="A name, an address, a group, a customer, a page"
        className="h-12 w-full border-b border-line bg-transparent px-4 text-base outline-none"
      />
      <Command.List className="max-h-[50vh] overflow-y-auto pb-1.5">
        <Command.Empty className="px-4 py-4 text-sm text-ink-2">
          {people.isFetching ? "Asking…" : `Nothing is known of “${typed.trim()}”.`}
        </Command.Empty>
        {hits.length === 0 ? null : (
          <Command.Group heading="This person or address" className={GROUP}>
            {hits.flatMap((hit) =>
              hit.items.map((session) => (
                <Command.Item
                  key={sessionKey(hit.customer.slug, session)}
                  value={sessionKey(hit.customer.slug, session)}
                  className={ITEM}
                  onSelect={() =>
                    go(
                      `/c/${hit.customer.slug}/who?q=${encodeURIComponent(q)}&ip=${encodeURIComponent(session.ip)}`,
                    )
                  }
                >
                  <Monogram name={hit.customer.name} hue={hit.customer.hue} />
                  <span className="font-mono">{session.ip}</span>
                  <span className="min-w-0 truncate">
                    {session.user === null ? (
                      <span className="text-ink-2">nobody known</span>
                    ) : (
                      `${session.user.domain}\\${session.user.name}`
                    )}
                  </span>
                  <span className="ml-auto truncate text-xs text-ink-3">{hit.customer.name}</span>
                </Command.Item>
              )),
            )}
          </Command.Group>
        )}
        {(customers.data?.items ?? []).length === 0 ? null : (
          <Command.Group heading="Customers" className={GROUP}>
            {(customers.data?.items ?? []).map((row) => (
              <Command.Item
                key={row.slug}
                value={`customer ${row.slug}`}
                className={ITEM}
                onSelect={() => go(`/c/${row.slug}`)}
              >
                <Monogram name={row.name} hue={row.hue} />
                <span className="truncate">{row.name}</span>
                <span className="ml-auto">
                  <StateGlyph state={row.chain.state} label={row.chain.sentence} />
                </span>
              </Command.Item>
            ))}
          </Command.Group>
        )}
        <Command.Group heading="Go to" className={GROUP} hidden={fittingPlaces.length === 0}>
          {fittingPlaces.map((place) => (
            <Command.Item
              key={place.href}
              value={`go ${place.href}`}
              className={ITEM}
              onSelect={() => go(place.href)}
            >
              {place.label}
              {place.href.startsWith("/c/") && customer !== null ? (
                <span className="ml-auto text-xs text-ink-3">{customer.name}</span>
              ) : null}
            </Command.Item>
          ))}
        </Command.Group>
        {actions.length === 0 ? null : (
          <Command.Group heading="Do" className={GROUP}>
            {actions.map((action) => (
              <Command.Item
                key={action.label}
                value={`do ${action.label}`}
                className={ITEM}
                onSelect={action.run}
              >
                {action.label}
              </Command.Item>
            ))}
          </Command.Group>
        )}
      </Command.List>
    </Command>
  );
}

function sessionKey(
  slug: string,
  session: { readonly ip: string; readonly addressSpace: { readonly id: string } },
): string {
  return `${slug} ${session.addressSpace.id} ${session.ip}`;
}
