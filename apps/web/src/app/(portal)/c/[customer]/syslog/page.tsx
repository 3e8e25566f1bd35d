import type { Metadata } from "next";
import { loadPage } from "~/features/door/load-page.ts";
import { SyslogSources } from "~/features/syslog/syslog-sources.tsx";
import { api } from "~/server/api.ts";

export const metadata: Metadata = { title: "Syslog sources" };

export default async function SyslogPage({ params }: { params: Promise<{ customer: string }> }) {
  const { customer } = await params;
  const [sources, sites, bases] = await loadPage(
    Promise.all([
      api.syslog.list({ customer }),
      api.sites.list({ customer }),
      api.syslog.baseConfigurations({ customer }),
    ]),
    `/c/${customer}/syslog`,
  );
  return <SyslogSources initial={sources} sites={sites.items} bases={bases.items} />;
}
