"use client";

import { Mono } from "@rollcall/ui/layout";
import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useCustomer } from "~/features/shell/customer-context.tsx";
import { useMay } from "~/features/shell/may.tsx";
import { useTRPC } from "~/trpc/client.tsx";
import { refusalOf } from "~/trpc/refusal.ts";
import { ChoicePanel } from "./choice-panel.tsx";
import { CORROBORATION, type Settings } from "./settings-words.ts";

/** Whether a ticket request alone is a logon, with what the other answer would have been. */
export function CorroborationPanel({
  value,
  canWrite,
}: {
  value: Settings["corroboration"];
  canWrite: boolean;
}) {
  const maySee = useMay("session:read");
  return (
    <ChoicePanel
      title="Corroboration of Kerberos tickets"
      label="A ticket request needs a second sign to count as a logon"
      name="corroboration"
      what="corroboration"
      value={value}
      options={CORROBORATION}
      canWrite={canWrite}
      changes={(corroboration) => ({ corroboration })}
    >
      {maySee && value !== "on" ? <WouldHave /> : null}
    </ChoicePanel>
  );
}

/** What switching it on would change now: so that nobody has to try it on live traffic. */
function WouldHave() {
  const customer = useCustomer();
  const trpc = useTRPC();
  const query = useQuery(trpc.settings.corroborationPreview.queryOptions({ customer: customer.slug }));
  const preview = query.data;
  return (
    <section
      aria-label="What it would have done"
      className="border-t border-line pt-3 text-sm"
      data-testid="would-corroborate"
    >
      <h3 className="font-semibold">What it would have done</h3>
      {preview === undefined ? (
        <p className="text-ink-2" role="status">
          {query.isError ? refusalOf(query.error).message : "Looking…"}
        </p>
      ) : preview.looked === 0 ? (
        <p className="text-ink-2">No address is named by a ticket request now, so it would change nothing.</p>
      ) : (
        <>
          <p className="text-ink-2">
            Of the newest {preview.looked.toLocaleString("en-GB")}{" "}
            {preview.looked === 1 ? "address" : "addresses"} named by a ticket request,{" "}
            {preview.changed === 0
              ? "none would be told otherwise."
              : `${preview.changed.toLocaleString("en-GB")} would be told otherwise:`}
          </p>
          <ul className="mt-1 flex flex-col gap-1">
            {preview.examples.map((one) => (
              <li key={`${one.addressSpaceId} ${one.ip}`}>
                <Link
                  className="rounded-sm font-mono hover:text-accent hover:underline"
                  href={`/c/${customer.slug}/who?ip=${encodeURIComponent(one.ip)}&space=${one.addressSpaceId}`}
                >
                  {one.ip}
                </Link>
                : is <Mono>{one.is}</Mono>, would be {one.would}
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}
