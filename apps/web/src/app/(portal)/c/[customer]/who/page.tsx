import type { Metadata } from "next";
import { loadPage } from "~/features/door/load-page.ts";
import { SESSIONS_PAGE } from "~/features/who/page-size.ts";
import { Who } from "~/features/who/who.tsx";
import { api } from "~/server/api.ts";

export const metadata: Metadata = { title: "Who is at…" };

interface Props {
  readonly params: Promise<{ customer: string }>;
  readonly searchParams: Promise<Record<string, string | string[] | undefined>>;
}

export default async function WhoPage({ params, searchParams }: Props) {
  const { customer } = await params;
  const search = await searchParams;
  const q = typeof search.q === "string" ? search.q.trim().slice(0, 200) : "";
  const show = search.show === "all" ? "all" : "live";
  const initial = await loadPage(
    api.sessions.search({ customer, q, liveOnly: show === "live", limit: SESSIONS_PAGE }),
    `/c/${customer}/who`,
  );
  return <Who initial={initial} initialQ={q} initialShow={show} />;
}
