"use client";

import { parseIp } from "@rollcall/identity-core";
import { pushLines } from "@rollcall/junos";
import { CodeBlock } from "@rollcall/ui/code-block";
import { CheckField, TextField } from "@rollcall/ui/field";
import { Mono } from "@rollcall/ui/layout";
import { Notice } from "@rollcall/ui/notice";
import { FilterBar } from "@rollcall/ui/search-field";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useCustomer } from "~/features/shell/customer-context.tsx";
import { useTRPC } from "~/trpc/client.tsx";
import { AroundBlock } from "./junos-around.tsx";
import type { Point } from "./point-values.ts";

const VIEWS = [
  { value: "set", label: "set commands" },
  { value: "delete", label: "delete" },
] as const;
const DEFAULT_PORTS: Readonly<Record<string, number>> = { https: 8443, http: 8080 };

/** What is set on a firewall so that it takes our posts. The password is nowhere kept to be read: its line is typed. */
export function PushLines({ point }: { point: Point }) {
  const customer = useCustomer();
  const trpc = useTRPC();
  const { push, pushedFrom } = point;
  const places = useQuery(trpc.points.junos.queryOptions({ customer: customer.slug, id: point.id }));
  const copied = useMutation(trpc.points.junosCopied.mutationOptions());
  const [view, setView] = useState<"set" | "delete">("set");
  const [clients, setClients] = useState<string | null>(null);
  const [zone, setZone] = useState("");
  const [timeout, setTimeoutMinutes] = useState("0");
  const [usesDevices, setUsesDevices] = useState(false);
  if (push === null) return null;

  const url = new URL(push.url);
  const scheme = url.protocol === "http:" ? "http" : "https";
  const posters = (places.data?.candidates ?? [])
    .filter(({ label }) => (label === "Cloud") === (pushedFrom === "cloud"))
    .map(({ address }) => address)
    .filter((address) => parseIp(address) !== null);
  const addresses = clients ?? posters.join(", ");
  const { blocks, problems } = pushLines(
    {
      user: push.user,
      password: null,
      clients: addresses.split(/[\s,]+/).filter((each) => each !== ""),
      scheme,
      port: url.port === "" ? (DEFAULT_PORTS[scheme] ?? 8443) : Number(url.port),
      zone: zone.trim() === "" ? null : zone.trim(),
      authenticationEntryTimeoutMinutes: timeout.trim() === "" ? Number.NaN : Number(timeout),
      usesDevices,
    },
    { view },
  );
  const lines = blocks.filter((block) => block.copied).flatMap((block) => block.lines);
  const around = blocks.filter((block) => !block.copied);
  return (
    <section aria-label="Lines for the Web API" className="flex flex-col gap-4">
      {places.isPending
        ? null
        : problems.map((problem) => (
            <Notice
              key={`${problem.field} ${problem.sentence}`}
              tone={problem.severity === "refused" ? "bad" : "warn"}
              title={problem.severity === "refused" ? "No lines are printed" : undefined}
            >
              {problem.sentence}
            </Notice>
          ))}
      {lines.length === 0 ? null : (
        <CodeBlock
          title="Junos configuration for the Web API"
          testId="push-lines"
          lines={lines.map((text) => ({
            text,
            variables: [push.user, zone.trim()].filter((each) => each !== ""),
          }))}
          remark={`${point.name} · paste in configuration mode (this line is not copied)`}
          onCopied={() =>
            copied.mutate({ customer: customer.slug, id: point.id, lines: lines.length, withSecret: false })
          }
          tools={
            <FilterBar
              label="Form"
              value={view}
              onChange={(next) => setView(next === "delete" ? "delete" : "set")}
              options={VIEWS}
            />
          }
          footer={
            <span className="ml-auto">
              <Mono>
                show services user-identification authentication-table authentication-source aruba-clearpass
              </Mono>
            </span>
          }
        />
      )}
      <div className="grid gap-3 rounded-md border border-line bg-surface px-4 py-4 sm:grid-cols-2 lg:grid-cols-4">
        <TextField
          label="Addresses that post"
          help="Those the posts really come from, as the firewall sees them."
          mono
          value={addresses}
          onChange={(event) => setClients(event.target.value)}
        />
        <TextField
          label="Zone they come by"
          help="Empty: by the management interface."
          mono
          value={zone}
          onChange={(event) => setZone(event.target.value)}
        />
        <TextField
          label="Entries age out after (minutes)"
          help="0: they stay until they are ended."
          inputMode="numeric"
          value={timeout}
          onChange={(event) => setTimeoutMinutes(event.target.value)}
        />
        <CheckField
          label="Its policies match devices"
          checked={usesDevices}
          onChange={(event) => setUsesDevices(event.target.checked)}
        />
      </div>
      {around.length === 0 ? null : (
        <section aria-label="Around it" className="overflow-hidden rounded-md border border-line bg-surface">
          <header className="flex min-h-10 flex-wrap items-center gap-x-4 gap-y-1 border-b border-line px-4 py-1.5">
            <h2 className="text-sm font-semibold">Before and after</h2>
            <span className="text-xs text-ink-2">typed one by one, never part of the copied lines</span>
          </header>
          <ul>
            {around.map((block) => (
              <AroundBlock key={block.id} block={block} />
            ))}
          </ul>
        </section>
      )}
    </section>
  );
}
