"use client";

import {
  BLOCK_IDS,
  type BlockId,
  caProfiles,
  copiedLines,
  DEFAULT_BLOCKS,
  generateJunos,
  type JunosOptions,
  type JunosView,
} from "@rollcall/junos";
import { Button } from "@rollcall/ui/button";
import { CodeBlock, type CodeLine } from "@rollcall/ui/code-block";
import { CheckField, SelectField } from "@rollcall/ui/field";
import { Mono } from "@rollcall/ui/layout";
import { Notice } from "@rollcall/ui/notice";
import { FilterBar } from "@rollcall/ui/search-field";
import { say } from "@rollcall/ui/toast";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { downloadText } from "~/features/agents/download-text.ts";
import { useCustomer } from "~/features/shell/customer-context.tsx";
import { useMay } from "~/features/shell/may.tsx";
import { useTRPC } from "~/trpc/client.tsx";
import type { Outputs } from "~/trpc/outputs.ts";
import { refusalOf } from "~/trpc/refusal.ts";
import { useHeldSecret } from "./held-secret.ts";
import { AroundBlock } from "./junos-around.tsx";
import { keyOf, SECTION_WORDS, sameDoor, writable } from "./junos-choices.ts";
import { WaitingLine } from "./waiting-line.tsx";

type Junos = Outputs["points"]["junos"];
type Point = Outputs["points"]["get"];

const VIEWS: readonly { readonly value: JunosView; readonly label: string }[] = [
  { value: "set", label: "set commands" },
  { value: "curly", label: "curly" },
  { value: "delete", label: "delete" },
];

/** Fetches what the lines are made of; the lines themselves are made here, because only this tab may hold the secret. */
export function JunosPanel({ point }: { point: Point }) {
  const customer = useCustomer();
  const trpc = useTRPC();
  const query = useQuery(trpc.points.junos.queryOptions({ customer: customer.slug, id: point.id }));
  if (query.data === undefined) {
    return query.isError ? (
      <Notice
        tone="bad"
        title="The Junos lines did not come"
        action={<Button onClick={() => void query.refetch()}>Try again</Button>}
      >
        {refusalOf(query.error).message}
      </Notice>
    ) : (
      <div className="appear-late h-96 rounded-md border border-line bg-surface" role="status">
        <p className="px-4 py-3 text-sm text-ink-3">Loading the Junos lines …</p>
      </div>
    );
  }
  return <JunosLines key={point.id} point={point} junos={query.data} />;
}

function JunosLines({ point, junos }: { point: Point; junos: Junos }) {
  const customer = useCustomer();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const mayWrite = useMay("point:write");
  const secret = useHeldSecret(point.id);
  const [view, setView] = useState<JunosView>("set");
  const [blocks, setBlocks] = useState<readonly BlockId[]>(DEFAULT_BLOCKS);
  const [options, setOptions] = useState<JunosOptions>(junos.options);
  const [withSecret, setWithSecret] = useState(true);
  const [primary, setPrimary] = useState(keyOf(junos.servers?.primary));
  const [secondary, setSecondary] = useState(keyOf(sameDoor(junos.servers)));
  const copied = useMutation(trpc.points.junosCopied.mutationOptions());
  const save = useMutation(
    trpc.points.update.mutationOptions({
      onSuccess: async () => {
        say("Kept these choices with the enforcement point.");
        await queryClient.invalidateQueries(trpc.points.pathFilter());
      },
    }),
  );

  const serverOf = (key: string) => junos.candidates.find((each) => keyOf(each) === key);
  const first = serverOf(primary) ?? junos.servers?.primary ?? junos.candidates[0];
  if (first === undefined) {
    return (
      <Notice tone="warn" title="Nothing answers this firewall yet">
        Give an agent a name that firewalls use to reach it, on the agent's page. Then the lines stand here.
      </Notice>
    );
  }
  const second = serverOf(secondary);
  const leftOut = junos.servers?.secondary ?? null;
  const printed = withSecret ? secret : null;
  const toServer = (server: NonNullable<typeof first>) => ({
    address: server.address,
    port: server.port,
    clientId: server.clientId,
    secret: printed,
    caProfile: server.caProfile,
  });
  const asked = {
    primary: toServer(first),
    secondary: second === undefined || second === first ? null : toServer(second),
  };
  const trusted = caProfiles(asked);
  const cas = junos.cas.filter((ca) => trusted.includes(ca.profile));
  const result = generateJunos(
    {
      ...asked,
      filter: junos.filter,
      options,
    },
    { view, blocks },
  );
  const lines = copiedLines(result.blocks);
  const variables = [
    first.address,
    second?.address,
    first.clientId,
    ...trusted,
    ...junos.filter.domains,
  ].filter((each) => each !== undefined && each !== "");
  const around = result.blocks.filter((block) => !block.copied);
  const isChanged = JSON.stringify(options) !== JSON.stringify(junos.options);
  const set = (fields: Partial<JunosOptions>) => setOptions((before) => ({ ...before, ...fields }));

  return (
    <div className="flex flex-col gap-4">
      {result.problems.map((problem) => (
        <Notice
          key={`${problem.field} ${problem.sentence}`}
          tone={problem.severity === "refused" ? "bad" : "warn"}
          title={problem.severity === "refused" ? "No lines are printed" : undefined}
        >
          {problem.sentence}
        </Notice>
      ))}
      {leftOut !== null && secondary === "" && leftOut.port !== first.port ? (
        <Notice tone="info" title={`${leftOut.label} is left out`}>
          It answers on port {leftOut.port} and {first.label} on {first.port}; Junos has one port for both
          servers.
        </Notice>
      ) : null}
      {lines.length === 0 ? null : (
        <CodeBlock
          title="Junos configuration"
          testId="junos-lines"
          lines={lines.map((text) => codeLine(text, printed, variables))}
          remark={`${point.name} · ${view === "curly" ? "load merge terminal, then paste" : "paste in configuration mode"} (this line is not copied)`}
          onCopied={() =>
            copied.mutate({
              customer: customer.slug,
              id: point.id,
              lines: lines.length,
              withSecret: printed !== null && lines.some((line) => line.includes(printed)),
            })
          }
          tools={
            <>
              <FilterBar
                label="Form"
                value={view}
                onChange={(next) => setView(VIEWS.find((each) => each.value === next)?.value ?? "set")}
                options={VIEWS}
              />
              <CheckField
                label="Verify certificate"
                checked={options.checkCertificate}
                onChange={(event) => set({ checkCertificate: event.target.checked })}
              />
              {secret === null ? (
                <span className="text-xs text-ink-3">The secret is not kept: its line is left out</span>
              ) : (
                <CheckField
                  label="With the secret"
                  checked={withSecret}
                  onChange={(event) => setWithSecret(event.target.checked)}
                />
              )}
            </>
          }
          footer={
            <>
              <WaitingLine point={point} />
              <span className="ml-auto">
                <Mono>show services user-identification identity-management status</Mono>
              </span>
            </>
          }
        />
      )}
      <details className="rounded-md border border-line bg-surface">
        <summary className="min-h-10 px-4 py-2.5 text-sm font-semibold -outline-offset-2!">Choices</summary>
        <div className="flex flex-col gap-4 border-t border-line px-4 py-4">
          <div className="grid gap-3 sm:grid-cols-2 lg:grid-cols-4">
            <SelectField
              label="Asks first"
              value={keyOf(first)}
              onChange={(event) => setPrimary(event.target.value)}
              options={junos.candidates.map((each) => ({
                value: keyOf(each),
                label: `${each.label} (${each.address})`,
              }))}
            />
            <SelectField
              label="Then, if that is silent"
              value={secondary}
              onChange={(event) => setSecondary(event.target.value)}
              options={[
                { value: "", label: "Nobody" },
                ...junos.candidates
                  .filter((each) => each !== first)
                  .map((each) => ({ value: keyOf(each), label: `${each.label} (${each.address})` })),
              ]}
            />
            <SelectField
              label="Asks what changed every"
              value={String(options.queryIntervalSeconds)}
              onChange={(event) => set({ queryIntervalSeconds: Number(event.target.value) })}
              options={[1, 2, 5, 10, 30, 60].map((seconds) => ({
                value: String(seconds),
                label: `${seconds} s`,
              }))}
            />
            <SelectField
              label="Certificate lines"
              value={options.certificateStyle}
              onChange={(event) =>
                set({
                  certificateStyle: event.target.value === "ca-certificate" ? "ca-certificate" : "ca-profile",
                })
              }
              options={[
                { value: "ca-profile", label: "ca-profile" },
                { value: "ca-certificate", label: "ca-certificate (older Junos)" },
              ]}
            />
          </div>
          <CheckField
            label="It may ask for single addresses (IP query)"
            checked={options.ipQuery}
            onChange={(event) => set({ ipQuery: event.target.checked })}
          />
          <fieldset className="grid gap-x-6 gap-y-1.5 sm:grid-cols-2 lg:grid-cols-3">
            <legend className="mb-1.5 text-sm font-semibold">Sections</legend>
            {BLOCK_IDS.filter((id) => id !== "policy" && id !== "device-identity").map((id) => (
              <CheckField
                key={id}
                label={SECTION_WORDS[id]}
                checked={blocks.includes(id)}
                disabled={id === "connection"}
                onChange={(event) =>
                  setBlocks(
                    BLOCK_IDS.filter((each) => (each === id ? event.target.checked : blocks.includes(each))),
                  )
                }
              />
            ))}
          </fieldset>
          {mayWrite ? (
            <div className="flex flex-wrap items-center gap-3">
              <Button
                busy={save.isPending}
                disabled={!isChanged}
                onClick={() =>
                  save.mutate({
                    customer: customer.slug,
                    id: point.id,
                    changes: { junos: writable(options) },
                  })
                }
              >
                Keep these choices
              </Button>
              {save.isError ? (
                <span className="text-sm text-bad-ink">{refusalOf(save.error).message}</span>
              ) : null}
            </div>
          ) : null}
        </div>
      </details>
      <section aria-label="Around it" className="overflow-hidden rounded-md border border-line bg-surface">
        <header className="flex min-h-10 flex-wrap items-center gap-x-4 gap-y-1 border-b border-line px-4 py-1.5">
          <h2 className="text-sm font-semibold">Before and after</h2>
          <span className="text-xs text-ink-2">typed one by one, never part of the copied lines</span>
          {options.checkCertificate ? (
            <span className="ml-auto inline-flex flex-wrap items-center gap-2">
              {cas.map((ca) => (
                <Button
                  key={ca.profile}
                  size="small"
                  onClick={() => downloadText(ca.fileName, ca.pem, "application/x-pem-file")}
                >
                  Download {ca.fileName}
                </Button>
              ))}
            </span>
          ) : null}
        </header>
        <ul>
          {around.map((block) => (
            <AroundBlock key={block.id} block={block} />
          ))}
        </ul>
        {cas.map((ca) => (
          <p key={ca.profile} className="border-t border-line px-4 py-2 text-xs text-ink-2">
            {ca.fileName} signs {ca.servers.join(", ")}; SHA-256{" "}
            <span className="font-mono break-all">{ca.sha256}</span>
          </p>
        ))}
      </section>
    </div>
  );
}

const MASK = "\u2022".repeat(16);

/** A line as it stands on screen: the secret masked though it is copied, the customer's own values in the accent. */
function codeLine(text: string, secret: string | null, variables: readonly (string | undefined)[]): CodeLine {
  const shown = secret === null ? text : text.replaceAll(secret, MASK);
  const marked = [...variables, MASK]
    .filter((each) => each !== undefined)
    .filter((each) => shown.includes(each))
    // ROLLCALL is not marked inside ROLLCALL_CLOUD.
    .filter((each, _, all) => !all.some((other) => other !== each && other.includes(each)));
  return { text, shown, variables: marked };
}
