"use client";

import { Notice } from "@rollcall/ui/notice";
import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { LIVE } from "~/features/live/live-options.ts";
import { useCustomer } from "~/features/shell/customer-context.tsx";
import { useMay } from "~/features/shell/may.tsx";
import { useTRPC } from "~/trpc/client.tsx";

const NAMED = 5;

/** Addresses in use twice behind one firewall: it is told of neither, and somebody has to know. */
export function OverlapAlarm({ pointId = null }: { pointId?: string | null }) {
  const customer = useCustomer();
  const trpc = useTRPC();
  const maySee = useMay("session:read");
  const query = useQuery(
    trpc.sessions.overlaps.queryOptions({ customer: customer.slug }, { ...LIVE, enabled: maySee }),
  );
  const items = (query.data?.items ?? []).filter(
    (item) => pointId === null || item.firewalls.some((firewall) => firewall.id === pointId),
  );
  if (items.length === 0) return null;
  const isMore = query.data?.isComplete === false;
  return (
    <Notice
      tone="bad"
      live
      title={`${isMore ? "More than " : ""}${items.length} ${items.length === 1 ? "address is" : "addresses are"} in use in two address spaces of one firewall`}
    >
      <p>
        A firewall has one table and could not tell the two apart, so it is told of neither. Give the spaces
        different addresses, or tell the firewall of one of them only.
      </p>
      <ul className="mt-1 flex flex-col gap-0.5" data-testid="overlaps">
        {items.slice(0, NAMED).map((item) => (
          <li key={item.ip}>
            {item.addressSpaces.map((space, index) => (
              <span key={space.id}>
                {index === 0 ? "" : " and "}
                <Link
                  className="rounded-sm font-mono underline"
                  href={`/c/${customer.slug}/who?ip=${encodeURIComponent(item.ip)}&space=${space.id}`}
                >
                  {item.ip}
                </Link>{" "}
                in {space.name}
              </span>
            ))}
            {pointId === null ? `, both told to ${item.firewalls.map(({ name }) => name).join(", ")}` : ""}
          </li>
        ))}
      </ul>
      {items.length > NAMED ? <p>and {items.length - NAMED} more</p> : null}
    </Notice>
  );
}
