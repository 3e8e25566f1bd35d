"use client";

import { Button } from "@rollcall/ui/button";
import { CopyButton } from "@rollcall/ui/copy-button";
import { Drawer } from "@rollcall/ui/drawer";
import { Dash, KeyValue, Mono } from "@rollcall/ui/layout";
import { Notice } from "@rollcall/ui/notice";
import { Time, TimeAgo } from "@rollcall/ui/time";
import { useQueries, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { AsOf, StaleNotice } from "~/features/live/freshness.tsx";
import { LIVE } from "~/features/live/live-options.ts";
import { useCustomer } from "~/features/shell/customer-context.tsx";
import { useMay } from "~/features/shell/may.tsx";
import { useTRPC } from "~/trpc/client.tsx";
import { refusalOf } from "~/trpc/refusal.ts";
import { AskAgent } from "./ask-agent.tsx";
import { ExplainedLines } from "./explained-lines.tsx";
import { explanationAsText } from "./explanation-text.ts";
import { MappingTimeline, type SessionDetail } from "./mapping-timeline.tsx";
import { MarksHere } from "./marks-here.tsx";
import { accountOf, becauseInWords, evidenceInWords } from "./session-words.ts";

/** Explains one mapping: who said it, how it was decided, which firewall was told what and when. */
export function SessionDrawer({
  ip,
  addressSpaceId,
  onClose,
}: {
  ip: string | null;
  addressSpaceId: string | null;
  onClose: () => void;
}) {
  return (
    <Drawer
      open={ip !== null}
      onOpenChange={(open) => {
        if (!open) onClose();
      }}
      width="wide"
      title={<span className="font-mono">{ip ?? ""}</span>}
    >
      {ip === null ? null : (
        <Explanation key={`${addressSpaceId} ${ip}`} ip={ip} addressSpaceId={addressSpaceId} />
      )}
    </Drawer>
  );
}

function Explanation({ ip, addressSpaceId }: { ip: string; addressSpaceId: string | null }) {
  const customer = useCustomer();
  const trpc = useTRPC();
  const mayAsk = useMay("source:test");
  const input = { customer: customer.slug, ip, ...(addressSpaceId === null ? {} : { addressSpaceId }) };
  const query = useQuery(trpc.sessions.get.queryOptions(input, LIVE));
  const explained = useQuery(trpc.sessions.explain.queryOptions(input, LIVE));
  // Earlier history never changes, so each of its pages is asked for once.
  const [cursors, setCursors] = useState<readonly string[]>([]);
  const earlier = useQueries({
    queries: cursors.map((historyCursor) =>
      trpc.sessions.get.queryOptions({ ...input, historyCursor }, { staleTime: Number.POSITIVE_INFINITY }),
    ),
  });
  const first = query.data;
  const lastPage = cursors.length === 0 ? first : earlier.at(-1)?.data;
  if (first === undefined) {
    return query.isError ? (
      <Notice
        tone="bad"
        title="No answer"
        action={<Button onClick={() => void query.refetch()}>Ask again</Button>}
      >
        {refusalOf(query.error).message}
      </Notice>
    ) : (
      <p className="appear-late text-sm text-ink-2" role="status">
        Asking…
      </p>
    );
  }
  const detail: SessionDetail = {
    ...first,
    history: [...first.history, ...earlier.flatMap((page) => page.data?.history ?? [])],
  };
  const next = lastPage?.historyNext ?? null;
  const isFetchingEarlier = earlier.some((page) => page.isPending);
  const { session } = detail;
  const account = session === null ? null : accountOf(session);
  return (
    <div className="flex flex-col gap-5">
      <StaleNotice query={query} what="This explanation" />
      <div className="flex flex-wrap items-center gap-3">
        <p className="text-lg font-semibold" data-testid="mapping-person">
          {account ?? (session === null ? "Never seen" : becauseInWords(session.unknownBecause))}
        </p>
        <AsOf at={detail.asOf} />
        <span className="ml-auto">
          <CopyButton
            text={explanationAsText(detail, explained.data, customer.name)}
            label="Copy as text"
            copied="Copied the explanation"
          />
        </span>
      </div>
      <MarksHere
        ip={ip}
        space={detail.addressSpace}
        marks={explained.data?.marks ?? []}
        hostMark={explained.data?.hostMark ?? null}
        isKnown={explained.data !== undefined}
      />
      {session === null ? (
        <p className="text-sm text-ink-2">No source has ever spoken of this address at {customer.name}.</p>
      ) : (
        <KeyValue
          rows={[
            {
              key: "Person",
              value:
                session.user === null ? (
                  <Dash />
                ) : (
                  `${session.user.displayName ?? session.user.name}${session.user.upn === null ? "" : ` · ${session.user.upn}`}`
                ),
            },
            {
              key: "Groups told",
              value:
                session.user === null || session.user.groups.length === 0 ? (
                  <Dash />
                ) : (
                  session.user.groups.join(", ")
                ),
              testId: "mapping-groups",
            },
            {
              key: "Device",
              value:
                session.device === null ? (
                  <Dash />
                ) : (
                  `${session.device.name}${session.device.os === null ? "" : ` · ${session.device.os}`}`
                ),
            },
            { key: "Since", value: <Time at={session.since} /> },
            { key: "Last seen", value: <TimeAgo at={session.lastSeenAt} none="—" /> },
            { key: "Runs out", value: session.isLive ? <Time at={session.expiresAt} /> : <Dash /> },
            {
              key: "Evidence",
              value: session.evidence === null ? <Dash /> : evidenceInWords(session.evidence),
            },
            { key: "Address space", value: detail.addressSpace.name },
          ]}
        />
      )}
      <MappingTimeline detail={detail} decided={<ExplainedLines query={explained} />} />
      {next !== null || isFetchingEarlier ? (
        <div>
          <Button
            busy={isFetchingEarlier}
            onClick={() => setCursors((before) => (next === null ? before : [...before, next]))}
          >
            Show earlier
          </Button>
        </div>
      ) : null}
      {mayAsk ? <AskAgent ip={ip} addressSpaceId={detail.addressSpace.id} /> : null}
      <p className="text-xs text-ink-3">
        Revision <Mono>{session?.revision ?? "—"}</Mono>
      </p>
    </div>
  );
}
