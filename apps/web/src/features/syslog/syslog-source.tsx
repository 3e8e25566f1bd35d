"use client";

import { Button } from "@rollcall/ui/button";
import { Figures, Mono, PageBody, PageHead } from "@rollcall/ui/layout";
import { Notice } from "@rollcall/ui/notice";
import { StateChip } from "@rollcall/ui/state";
import { Tabs } from "@rollcall/ui/tabs";
import { TimeAgo } from "@rollcall/ui/time";
import { say } from "@rollcall/ui/toast";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import Link from "next/link";
import { useRouter } from "next/navigation";
import { parseAsStringLiteral, useQueryState } from "nuqs";
import { useMemo, useState } from "react";
import { TestRun } from "~/features/commands/test-run.tsx";
import { RemoveDialog } from "~/features/form/remove-dialog.tsx";
import { useFetchOvertaken } from "~/features/form/use-editing.ts";
import { AsOf, StaleNotice } from "~/features/live/freshness.tsx";
import { LIVE } from "~/features/live/live-options.ts";
import { useCustomer } from "~/features/shell/customer-context.tsx";
import { useMay } from "~/features/shell/may.tsx";
import { useTRPC } from "~/trpc/client.tsx";
import type { Outputs } from "~/trpc/outputs.ts";
import { refusalOf } from "~/trpc/refusal.ts";
import { SequenceEditor } from "./sequence-editor.tsx";
import type { EditedSequence } from "./sequence-model.ts";
import { shareInWords, sourceCounts } from "./source-counters.ts";
import { type BaseConfigurations, SourceForm, sourceFields, sourceValues } from "./source-form.tsx";
import { TailView } from "./tail-view.tsx";
import { useTail } from "./use-tail.ts";

type Source = Outputs["syslog"]["get"];
const TABS = ["rules", "tail", "settings"] as const;

/** One syslog source: its rules beside real lines, its tail, its settings. */
export function SyslogSource({
  initial,
  sites,
  bases,
}: {
  initial: Source;
  sites: Outputs["sites"]["list"]["items"];
  bases: BaseConfigurations;
}) {
  const customer = useCustomer();
  const trpc = useTRPC();
  const [tab, setTab] = useQueryState("tab", parseAsStringLiteral(TABS).withDefault("rules"));
  const mayWrite = useMay("source:write");
  const mayTest = useMay("source:test");
  const mayLines = useMay("source:lines");
  const query = useQuery(
    trpc.syslog.get.queryOptions(
      { customer: customer.slug, id: initial.id },
      { ...LIVE, initialData: initial },
    ),
  );
  const source = query.data;
  const tail = useTail(source.id);
  const counts = sourceCounts(source.counters);

  return (
    <>
      <PageHead
        eyebrow={
          <Link href={`/c/${customer.slug}/syslog`} className="hover:text-accent hover:underline">
            Syslog sources
          </Link>
        }
        title={source.name}
        aside={
          <>
            <Mono>{source.senders.join(", ")}</Mono>
            <StateChip state={source.health.state} />
          </>
        }
        summary={
          <>
            {source.health.sentence} <AsOf at={new Date(query.dataUpdatedAt)} />
          </>
        }
      />
      <PageBody>
        <StaleNotice query={query} what={source.name} />
        <Figures
          items={[
            { name: "Lines", value: counts.lines?.toLocaleString("en-GB") ?? "—", testId: "source-lines" },
            {
              name: "Matched",
              value: counts.matched?.toLocaleString("en-GB") ?? "—",
              detail: counts.matchedShare === null ? undefined : shareInWords(counts.matchedShare),
              testId: "source-matched",
            },
            { name: "Last line", value: <TimeAgo at={source.lastActivityAt} /> },
            { name: "Rules", value: source.sequences.length },
            {
              name: "Speaks for",
              value:
                source.speaksFor.length === 0
                  ? "nobody"
                  : `${source.speaksFor.length} ${source.speaksFor.length === 1 ? "range" : "ranges"}`,
              detail: source.speaksFor.slice(0, 2).join(", ") || undefined,
            },
          ]}
        />
        {mayTest ? <TestRun source={{ kind: "syslog", id: source.id }} label="Test at the agent" /> : null}
        <Tabs
          label="Parts of the source"
          value={tab}
          onChange={(next) => void setTab(TABS.find((each) => each === next) ?? "rules")}
          tabs={[
            {
              value: "rules",
              label: "Rules",
              count: source.sequences.length,
              content: (
                <Rules
                  key={source.id}
                  source={source}
                  bases={bases}
                  canEdit={mayWrite}
                  tail={mayLines ? tail : null}
                />
              ),
            },
            {
              value: "tail",
              label: "Tail",
              content: mayLines ? (
                <TailView tail={tail} sourceName={source.name} testId="tail" />
              ) : (
                <p className="text-sm text-ink-2">
                  Raw lines need the right “{RIGHT_LINES}”. Owners and engineers have it.
                </p>
              ),
            },
            {
              value: "settings",
              label: "Settings",
              content: <Settings source={source} sites={sites} bases={bases} canEdit={mayWrite} />,
            },
          ]}
        />
      </PageBody>
    </>
  );
}

const RIGHT_LINES = "see raw log lines";

function Rules({
  source,
  bases,
  canEdit,
  tail,
}: {
  source: Source;
  bases: BaseConfigurations;
  canEdit: boolean;
  tail: ReturnType<typeof useTail> | null;
}) {
  const customer = useCustomer();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  // What the edits are based on. Somebody else's save is taken over at once, but never over edits of one's own.
  const [base, setBase] = useState({ version: source.version, sequences: source.sequences });
  const [hasEdits, setHasEdits] = useState(false);
  if (source.version !== base.version && !hasEdits)
    setBase({ version: source.version, sequences: source.sequences });
  const [refused, setRefused] = useState<string | undefined>(undefined);
  const fetchOvertaken = useFetchOvertaken();
  const save = useMutation(
    trpc.syslog.saveSequences.mutationOptions({
      onError: fetchOvertaken,
      onSuccess: async (outcome) => {
        if (outcome.kind === "refused") {
          setRefused(
            outcome.problems.map((problem) => `Rule ${problem.sequence + 1}: ${problem.message}`).join(" "),
          );
          return;
        }
        setRefused(undefined);
        setHasEdits(false);
        setBase({ version: outcome.source.version, sequences: outcome.source.sequences });
        say(
          `Saved ${outcome.source.sequences.length === 1 ? "1 rule" : `${outcome.source.sequences.length} rules`}.`,
        );
        queryClient.setQueryData(
          trpc.syslog.get.queryKey({ customer: customer.slug, id: source.id }),
          outcome.source,
        );
        await queryClient.invalidateQueries(trpc.syslog.list.queryFilter());
      },
    }),
  );
  const saved: readonly EditedSequence[] = base.sequences;
  const configurations = useMemo(
    () =>
      bases.map((base) => ({
        id: base.name,
        name: base.title,
        sequences: base.sequences.map((each, index) => ({
          ...each,
          id: `${base.name}-${index + 1}`,
          ordinal: index + 1,
        })),
      })),
    [bases],
  );
  const tailed = useMemo(
    () => (tail?.lines ?? []).slice(-200).map((line) => ({ line: line.line, sender: line.sender })),
    [tail?.lines],
  );
  return (
    <div className="flex flex-col gap-4">
      {source.version === base.version ? null : (
        <Notice
          tone="warn"
          live
          title="Somebody saved these rules meanwhile"
          action={
            <Button
              size="small"
              onClick={() => {
                setHasEdits(false);
                setBase({ version: source.version, sequences: source.sequences });
              }}
            >
              Drop mine, show theirs
            </Button>
          }
        >
          Yours are based on older ones and cannot be saved over them.
        </Notice>
      )}
      <SequenceEditor
        key={base.version}
        onEdited={setHasEdits}
        saved={saved}
        baseConfigurations={configurations}
        tailed={tailed}
        tailTools={
          tail === null ? null : tail.following ? (
            <Button size="small" onClick={tail.stop}>
              Stop tailing
            </Button>
          ) : (
            <Button size="small" busy={tail.isRunning} onClick={tail.follow}>
              Tail live lines
            </Button>
          )
        }
        canEdit={canEdit}
        saving={save.isPending}
        saveError={save.isError ? refusalOf(save.error).message : refused}
        onSave={(sequences) =>
          save.mutate({
            customer: customer.slug,
            id: source.id,
            version: base.version,
            sequences: sequences.map(({ id: _id, ordinal: _ordinal, ...fields }) => ({
              ...fields,
              patterns: [...fields.patterns],
              positiveSamples: [...fields.positiveSamples],
              negativeSamples: [...fields.negativeSamples],
            })),
          })
        }
      />
    </div>
  );
}

function Settings({
  source,
  sites,
  bases,
  canEdit,
}: {
  source: Source;
  sites: Outputs["sites"]["list"]["items"];
  bases: BaseConfigurations;
  canEdit: boolean;
}) {
  const customer = useCustomer();
  const router = useRouter();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [removing, setRemoving] = useState(false);
  const fetchOvertaken = useFetchOvertaken();
  const update = useMutation(
    trpc.syslog.update.mutationOptions({
      onError: fetchOvertaken,
      onSuccess: async (saved) => {
        say(`Saved ${saved.name}.`);
        await queryClient.invalidateQueries(trpc.syslog.pathFilter());
      },
    }),
  );
  const remove = useMutation(
    trpc.syslog.remove.mutationOptions({
      onSuccess: async () => {
        say(`Removed ${source.name}.`);
        router.push(`/c/${customer.slug}/syslog`);
        await queryClient.invalidateQueries({ queryKey: trpc.pathKey() });
      },
    }),
  );
  return (
    <div className="flex flex-col gap-5">
      <SourceForm
        formId="edit-source"
        isNew={false}
        initial={sourceValues(source)}
        version={source.settingsVersion}
        isSaving={update.isPending}
        ownVersion={update.data?.settingsVersion}
        sites={sites}
        bases={bases}
        refusal={update.isError ? refusalOf(update.error) : null}
        onSubmit={(values, version) =>
          update.mutate({
            customer: customer.slug,
            id: source.id,
            version: version ?? undefined,
            changes: sourceFields(values, bases),
          })
        }
      />
      {canEdit ? (
        <div className="flex flex-wrap gap-2 border-t border-line pt-4">
          <Button type="submit" form="edit-source" variant="primary" busy={update.isPending}>
            Save settings
          </Button>
          <Button variant="danger" onClick={() => setRemoving(true)}>
            Remove source
          </Button>
        </div>
      ) : null}
      <RemoveDialog
        open={removing}
        title={`Remove ${source.name}?`}
        what="source"
        typeToConfirm={source.name}
        removal={remove}
        onConfirm={() => remove.mutate({ customer: customer.slug, id: source.id })}
        onClose={() => setRemoving(false)}
      >
        <p>Agents stop reading its lines within seconds. Sessions it opened go on until they run out.</p>
        <p>Its rules and their samples are gone: this cannot be undone.</p>
      </RemoveDialog>
    </div>
  );
}
