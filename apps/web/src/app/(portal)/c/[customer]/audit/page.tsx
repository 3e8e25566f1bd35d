import type { Metadata } from "next";
import { Audit } from "~/features/audit/audit.tsx";
import { loadPage } from "~/features/door/load-page.ts";
import { api } from "~/server/api.ts";

export const metadata: Metadata = { title: "Audit" };

interface Props {
  readonly params: Promise<{ customer: string }>;
  readonly searchParams: Promise<Record<string, string | string[] | undefined>>;
}

export default async function AuditPage({ params, searchParams }: Props) {
  const { customer } = await params;
  const search = await searchParams;
  const isFiltered = ["actor", "action", "object", "period"].some((key) => search[key] !== undefined);
  // A filtered page asks from the browser; whether the page may be seen at all is asked here either way.
  const first = await loadPage(
    api.audit.list({ customer, limit: isFiltered ? 1 : 50 }),
    `/c/${customer}/audit`,
  );
  return <Audit initial={isFiltered ? null : first} />;
}
