import type { Metadata } from "next";
import { loadPage } from "~/features/door/load-page.ts";
import { FleetWho } from "~/features/who/fleet-who.tsx";
import { api } from "~/server/api.ts";

export const metadata: Metadata = { title: "Who is at…" };

export default async function FleetWhoPage({
  searchParams,
}: {
  searchParams: Promise<Record<string, string | string[] | undefined>>;
}) {
  const search = await searchParams;
  const q = typeof search.q === "string" ? search.q.trim().slice(0, 200) : "";
  const initial =
    q === "" ? null : await loadPage(api.sessions.fleetSearch({ q, limitPerCustomer: 5 }), "/fleet/who");
  return <FleetWho initial={initial} initialQ={q} />;
}
