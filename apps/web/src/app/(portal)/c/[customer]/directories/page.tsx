import type { Metadata } from "next";
import { Directories } from "~/features/directories/directories.tsx";
import { loadPage } from "~/features/door/load-page.ts";
import { api } from "~/server/api.ts";

export const metadata: Metadata = { title: "Directories" };

export default async function DirectoriesPage({ params }: { params: Promise<{ customer: string }> }) {
  const { customer } = await params;
  const [directories, sites, credentials] = await loadPage(
    Promise.all([
      api.directories.list({ customer }),
      api.sites.list({ customer }),
      api.credentials.list({ customer }),
    ]),
    `/c/${customer}/directories`,
  );
  return <Directories initial={directories} sites={sites.items} credentials={credentials.items} />;
}
