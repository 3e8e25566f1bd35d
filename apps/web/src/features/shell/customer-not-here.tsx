"use client";

import { buttonClass } from "@rollcall/ui/button";
import Link from "next/link";
import { useCustomer } from "./customer-context.tsx";
import { NotHere } from "./not-here.tsx";

/** Within a customer: says whose it would be, and offers that customer's search. */
export function CustomerNotHere() {
  const customer = useCustomer();
  return (
    <NotHere
      action={
        <>
          <Link href={`/c/${customer.slug}`} className={buttonClass({ variant: "primary" })}>
            Overview of {customer.name}
          </Link>
          <Link href={`/c/${customer.slug}/who`} className={buttonClass({ variant: "secondary" })}>
            Who is at…
          </Link>
        </>
      }
    >
      <p>{customer.name} has nothing at this address. It may be mistyped, or what stood here was removed.</p>
    </NotHere>
  );
}
