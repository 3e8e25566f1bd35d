"use client";

import { Button } from "@rollcall/ui/button";
import { CodeBlock } from "@rollcall/ui/code-block";
import { SelectField } from "@rollcall/ui/field";
import { PageBody, PageHead, Section } from "@rollcall/ui/layout";
import { Notice } from "@rollcall/ui/notice";
import { Table } from "@rollcall/ui/table";
import { Tabs } from "@rollcall/ui/tabs";
import { useQuery } from "@tanstack/react-query";
import { parseAsString, useQueryStates } from "nuqs";
import { downloadBytes, downloadText } from "~/features/agents/download-text.ts";
import { AsOf, StaleNotice } from "~/features/live/freshness.tsx";
import { useCustomer } from "~/features/shell/customer-context.tsx";
import { useTRPC } from "~/trpc/client.tsx";
import type { Outputs } from "~/trpc/outputs.ts";
import { zipOf } from "./zip.ts";

type Pack = Outputs["handover"]["get"];

/** What the customer's administrators are handed: scripts to review and run, ways to open, the way back. */
export function Handover({
  initial,
  sites,
}: {
  initial: Pack;
  sites: readonly { readonly id: string; readonly slug: string; readonly name: string }[];
}) {
  const customer = useCustomer();
  const trpc = useTRPC();
  const [url, setUrl] = useQueryStates(
    { site: parseAsString, file: parseAsString.withDefault("Set-RollcallAccess.ps1") },
    { shallow: true },
  );
  const siteId = sites.find(({ slug }) => slug === url.site)?.id ?? sites[0]?.id ?? initial.site.id;
  const query = useQuery(
    trpc.handover.get.queryOptions(
      { customer: customer.slug, siteId },
      siteId === initial.site.id ? { initialData: initial } : { placeholderData: (before) => before },
    ),
  );
  // While the chosen site loads, or where it did not come, another one's pack is there: it must not be taken away as this one's.
  const pack = query.data ?? initial;
  const siteSlug = sites.find(({ id }) => id === siteId)?.slug ?? "site";
  const shown = pack.files.find(({ name }) => name === url.file) ?? pack.files[0];
  return (
    <>
      <PageHead
        title="Hand-over pack"
        summary={
          <>
            For the administrators of {customer.name}: made of what is configured at {pack.site.name} now.{" "}
            <AsOf at={pack.asOf} />
          </>
        }
        actions={
          <Button
            variant="primary"
            disabled={pack.site.id !== siteId}
            onClick={() =>
              downloadBytes(`rollcall-${customer.slug}-${siteSlug}.zip`, zipOf(pack.files), "application/zip")
            }
          >
            Download all as ZIP
          </Button>
        }
      />
      <PageBody>
        <StaleNotice query={query} what="The hand-over pack" />
        {sites.length > 1 ? (
          <div className="max-w-xs">
            <SelectField
              label="Site"
              value={sites.find(({ id }) => id === siteId)?.slug ?? ""}
              options={sites.map(({ slug, name }) => ({ value: slug, label: name }))}
              onChange={(event) => void setUrl({ site: event.target.value })}
            />
          </div>
        ) : null}
        <Notice tone="info" title="Before it is run">
          <ul className="list-disc pl-5">
            {pack.notes.map((note) => (
              <li key={note}>{note}</li>
            ))}
          </ul>
        </Notice>
        <Section title="Ways to open" summary="In the firewalls between, and on the computers themselves.">
          <Table
            caption="Ways to open"
            rows={pack.openings}
            rowKey={(row) => JSON.stringify(row)}
            rowTestId="opening-row"
            columns={[
              { key: "from", header: "From", phone: "line", width: "22%", cell: (row) => row.from },
              { key: "to", header: "To", phone: "lead", width: "26%", cell: (row) => row.to },
              {
                key: "protocol",
                header: "Protocol",
                cell: (row) => <span className="whitespace-nowrap">{row.protocol}</span>,
              },
              {
                key: "ports",
                header: "Ports",
                cell: (row) => <span className="font-mono whitespace-nowrap">{row.ports}</span>,
              },
              { key: "why", header: "Why", phone: "line", width: "32%", cell: (row) => row.why },
            ]}
          />
        </Section>
        <Section title="Files" summary="Read them; run the scripts with -WhatIf first.">
          {pack.site.id !== siteId ? (
            <p className="text-sm text-ink-2" role="status">
              {query.isError ? "The pack of this site did not come." : "Loading the pack of this site …"}
            </p>
          ) : shown === undefined ? null : (
            <Tabs
              label="Files"
              value={shown.name}
              onChange={(file) => void setUrl({ file })}
              tabs={pack.files.map(({ name, text }) => ({
                value: name,
                label: name,
                content: <PackFile name={name} text={text} />,
              }))}
            />
          )}
        </Section>
      </PageBody>
    </>
  );
}

function PackFile({ name, text }: { name: string; text: string }) {
  const lines = text.replace("\uFEFF", "").replaceAll("\r", "").trimEnd().split("\n");
  return (
    <div className="pt-3">
      <CodeBlock
        title={name}
        lines={lines.map((line) => ({ text: line }))}
        testId="pack-file"
        tools={
          <Button size="small" onClick={() => downloadText(name, text, "text/plain;charset=utf-8")}>
            Download
          </Button>
        }
      />
    </div>
  );
}
