"use client";

import { Notice } from "@rollcall/ui/notice";
import { Time } from "@rollcall/ui/time";
import Link from "next/link";
import { useCustomer } from "~/features/shell/customer-context.tsx";
import type { Outputs } from "~/trpc/outputs.ts";

/** Why an account that is at many addresses still names somebody: the site is in its first days. */
export function LearningSites({ sites }: { sites: Outputs["suggestions"]["list"]["learning"] }) {
  const customer = useCustomer();
  if (sites.length === 0) return null;
  return (
    <Notice tone="info" title="Service accounts are only suggested in the first days of a site">
      <p>
        Decide on what is found before agents begin to act by themselves:{" "}
        {sites.map(({ site, until }, index) => (
          <span key={site}>
            {index === 0 ? "" : ", "}
            {site} from <Time at={until} />
          </span>
        ))}
        .{" "}
        <Link className="rounded-sm underline" href={`/c/${customer.slug}/settings`}>
          How many days
        </Link>
      </p>
    </Notice>
  );
}
