import type { Metadata } from "next";
import { Customers } from "~/features/customers/customers.tsx";
import { CUSTOMERS_LIMIT } from "~/features/customers/customers-limit.ts";
import { loadPage } from "~/features/door/load-page.ts";
import { api } from "~/server/api.ts";

export const metadata: Metadata = { title: "Customers" };

export default async function CustomersPage({
  searchParams,
}: {
  searchParams: Promise<Record<string, string | string[] | undefined>>;
}) {
  const { q } = await searchParams;
  const search = typeof q === "string" ? q.trim().slice(0, 100) : "";
  const initial = await loadPage(api.customers.list({ search, limit: CUSTOMERS_LIMIT }), "/fleet/customers");
  return <Customers initial={initial} initialSearch={search} />;
}
