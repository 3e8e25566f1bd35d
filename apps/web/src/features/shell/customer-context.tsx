"use client";

import { createContext, type ReactNode, useContext } from "react";

export interface CustomerHere {
  readonly slug: string;
  readonly name: string;
  readonly hue: number;
  readonly timeZone: string;
  readonly adDomain: string | null;
}

const CustomerContext = createContext<CustomerHere | null>(null);

export function CustomerProvider({ customer, children }: { customer: CustomerHere; children: ReactNode }) {
  return <CustomerContext value={customer}>{children}</CustomerContext>;
}

/** The customer whose pages these are. Errors: throws outside of a customer's pages. */
export function useCustomer(): CustomerHere {
  const customer = useContext(CustomerContext);
  if (customer === null) throw new Error("useCustomer: not on a customer's page");
  return customer;
}
