import type { Metadata } from "next";
import { loadPage } from "~/features/door/load-page.ts";
import { Filters } from "~/features/filters/filters.tsx";
import { api } from "~/server/api.ts";

export const metadata: Metadata = { title: "Filters" };

export default async function FiltersPage({ params }: { params: Promise<{ customer: string }> }) {
  const { customer } = await params;
  return <Filters initial={await loadPage(api.filters.list({ customer }), `/c/${customer}/filters`)} />;
}
