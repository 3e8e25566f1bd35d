"use client";

import { Dash, Mono, Panel } from "@rollcall/ui/layout";
import { Table } from "@rollcall/ui/table";
import { TimeAgo } from "@rollcall/ui/time";
import Link from "next/link";
import { useCustomer } from "~/features/shell/customer-context.tsx";
import { useMay } from "~/features/shell/may.tsx";
import type { Point } from "./point-values.ts";
import { personOf } from "./point-words.ts";

/** Which agents answer this firewall, and the cloud: what each says of it. */
export function Contacts({ point }: { point: Point }) {
  return (
    <Panel title="Who answers it" flush>
      {point.contacts.length === 0 ? (
        <p className="px-4 py-3 text-sm text-ink-2">It has asked nobody yet.</p>
      ) : (
        <Table
          caption="What each responder says of this firewall"
          inset
          rows={point.contacts}
          rowKey={(row) => row.responder}
          rowTestId="contact-row"
          columns={[
            {
              key: "who",
              header: "Answered by",
              phone: "lead",
              cell: (row) => (
                <span className="font-semibold">{row.responder === "cloud" ? "Cloud" : row.name}</span>
              ),
            },
            { key: "token", header: "Token", cell: (row) => <TimeAgo at={row.lastTokenAt} /> },
            { key: "batch", header: "Batch query", cell: (row) => <TimeAgo at={row.lastBatchAt} /> },
            { key: "ip", header: "IP query", cell: (row) => <TimeAgo at={row.lastIpQueryAt} /> },
            {
              key: "batches",
              header: "Batches",
              align: "end",
              cell: (row) => row.batches.toLocaleString("en-GB"),
            },
            {
              key: "queries",
              header: "IP queries",
              align: "end",
              cell: (row) => row.ipQueries.toLocaleString("en-GB"),
            },
            {
              key: "sent",
              header: "Entries sent",
              align: "end",
              cell: (row) => (
                <>
                  {row.entriesSent.toLocaleString("en-GB")}
                  {row.entriesBeyondLimit === 0 ? null : (
                    <span className="block text-xs text-warn-ink">
                      {row.entriesBeyondLimit.toLocaleString("en-GB")} beyond what it holds
                    </span>
                  )}
                </>
              ),
            },
            {
              key: "from",
              header: "From",
              cell: (row) =>
                row.lastSourceAddress === null ? (
                  <Dash />
                ) : (
                  <>
                    <Mono>{row.lastSourceAddress}</Mono>
                    {row.newSource === null ? null : (
                      <span className="block text-xs text-warn-ink">
                        new: {row.newSource.address}, <TimeAgo at={row.newSource.at} />
                      </span>
                    )}
                  </>
                ),
            },
            {
              key: "tls",
              header: "TLS",
              phone: "line",
              cell: (row) => (row.tls === null ? <Dash /> : <Tls text={row.tls} />),
            },
            {
              key: "refusal",
              header: "Last refusal",
              width: "20%",
              phone: "line",
              cell: (row) =>
                row.lastRefusal === null ? <Dash /> : <span className="text-bad-ink">{row.lastRefusal}</span>,
            },
          ]}
        />
      )}
    </Panel>
  );
}

/** Version and cipher suite; an old version says so. */
function Tls({ text }: { text: string }) {
  const [version = "", cipher = ""] = text.split(" ");
  const isOld = version === "TLSv1" || version === "TLSv1.1";
  return (
    <span className={isOld ? "text-warn-ink" : undefined}>
      {version.replace("TLSv", "TLS ")}
      {isOld ? ", old" : ""}
      <span className="block font-mono text-xs break-all text-ink-3">{cipher}</span>
    </span>
  );
}

/** Who was told what and when, by each agent and by the cloud, in one list. */
export function Told({ point }: { point: Point }) {
  const customer = useCustomer();
  const maySee = useMay("session:read");
  const rows = point.contacts
    .flatMap((contact) =>
      contact.told.map((told) => ({ ...told, by: contact.responder === "cloud" ? "Cloud" : contact.name })),
    )
    .sort((a, b) => b.at.getTime() - a.at.getTime());
  return (
    <Panel title="What it was told" flush>
      {!maySee ? (
        <p className="px-4 py-3 text-sm text-ink-2">Your role does not see people.</p>
      ) : rows.length === 0 ? (
        <p className="px-4 py-3 text-sm text-ink-2">Nothing yet.</p>
      ) : (
        <Table
          caption="The newest entries it was told, newest first"
          inset
          rows={rows}
          rowKey={(row) => `${row.by} ${row.at.getTime()} ${row.ip} ${row.how}`}
          rowTestId="told-row"
          columns={[
            { key: "at", header: "When", cell: (row) => <TimeAgo at={row.at} /> },
            {
              key: "ip",
              header: "Address",
              phone: "lead",
              cell: (row) => (
                <Link
                  className="rounded-sm font-mono hover:text-accent hover:underline"
                  href={`/c/${customer.slug}/who?ip=${encodeURIComponent(row.ip)}`}
                >
                  {row.ip}
                </Link>
              ),
            },
            {
              key: "who",
              header: "Person",
              phone: "line",
              phoneLabel: "",
              cell: (row) =>
                row.user === null ? (
                  <span className="text-ink-3">nobody any more</span>
                ) : (
                  <span className="font-semibold">{personOf(row)}</span>
                ),
            },
            {
              key: "groups",
              header: "Groups",
              phone: "line",
              width: "34%",
              cell: (row) => (row.groups.length === 0 ? <Dash /> : row.groups.join(", ")),
            },
            { key: "by", header: "Told by", cell: (row) => row.by },
            { key: "how", header: "On", cell: (row) => (row.how === "batch" ? "batch query" : "IP query") },
          ]}
        />
      )}
    </Panel>
  );
}
