import type { Metadata } from "next";
import { loadPage } from "~/features/door/load-page.ts";
import { SyslogSource } from "~/features/syslog/syslog-source.tsx";
import { api } from "~/server/api.ts";

export const metadata: Metadata = { title: "Syslog source" };

export default async function SyslogSourcePage({
  params,
}: {
  params: Promise<{ customer: string; id: string }>;
}) {
  const { customer, id } = await params;
  const [source, sites, bases] = await loadPage(
    Promise.all([
      api.syslog.get({ customer, id }),
      api.sites.list({ customer }),
      api.syslog.baseConfigurations({ customer }),
    ]),
    `/c/${customer}/syslog/${id}`,
  );
  return <SyslogSource initial={source} sites={sites.items} bases={bases.items} />;
}
