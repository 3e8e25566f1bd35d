import { type State, StateGlyph } from "@rollcall/ui/state";
import { Time, TimeAgo } from "@rollcall/ui/time";
import type { ReactNode } from "react";
import { personOf } from "~/features/enforcement/point-words.ts";
import type { Outputs } from "~/trpc/outputs.ts";
import { accountOf, ruleInWords, VERB_WORDS } from "./session-words.ts";

export type SessionDetail = Outputs["sessions"]["get"];

/** One mapping from the line in a log to the firewall's table. A hop that is missing is drawn hollow, with its reason. */
export function MappingTimeline({
  detail,
  decided,
}: {
  detail: SessionDetail;
  /** What became of everything that was said, with the rule that decided. */
  decided: ReactNode;
}) {
  const { session, history, told } = detail;
  const newest = history[0];
  return (
    <ol aria-label="From the source to the firewall" className="flex flex-col">
      <Hop state={newest === undefined ? "never" : "ok"} title="A source said so">
        {newest === undefined ? (
          <p>Nothing is recorded of this address.</p>
        ) : (
          <ul className="flex flex-col gap-1">
            {history.map((item, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: sources may say the same in one millisecond
              <li key={`${item.at.getTime()} ${index}`} data-testid="history-row">
                <Time at={item.at} /> ·{" "}
                <span className="text-ink">
                  {item.kind === "device" ? "device " : ""}
                  {personOf({ user: item.user, domain: item.domain })} {VERB_WORDS[item.verb]}
                </span>{" "}
                · {item.source.name}
                {item.agent === null ? "" : ` at ${item.agent}`} ·{" "}
                <span className="font-mono text-xs">{ruleInWords(item.rule)}</span> · class {item.evidence}
              </li>
            ))}
          </ul>
        )}
      </Hop>
      <Hop state={history.length === 0 ? "never" : "ok"} title="How it was decided">
        {decided}
        {detail.nextChangeAt === null ? null : (
          <p className="mt-1">
            Without further word it changes <TimeAgo at={detail.nextChangeAt} future />.
          </p>
        )}
      </Hop>
      <Hop state={session?.isLive === true ? "ok" : "never"} title="What stands in the table">
        {session === null ? (
          <p>Nothing.</p>
        ) : (
          <p>
            {accountOf(session) ?? "nobody"}
            {session.user === null || session.user.groups.length === 0
              ? ""
              : ` with ${session.user.groups.length} ${session.user.groups.length === 1 ? "group" : "groups"}`}
            , changed <TimeAgo at={session.changedAt} />
          </p>
        )}
      </Hop>
      <Hop state={told.length === 0 ? "never" : "ok"} title="Which firewall was told" isLast>
        {told.length === 0 ? (
          <p>
            None yet. A firewall is told with its next batch query, or when it asks for this address; its own
            filters may leave it out.
          </p>
        ) : (
          <ul className="flex flex-col gap-1">
            {told.map((item, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: one firewall may be told twice in one millisecond
              <li key={`${item.at.getTime()} ${index}`} data-testid="told-item">
                <Time at={item.at} /> · <span className="font-semibold text-ink">{item.firewall.name}</span>{" "}
                was told {personOf(item)}
                {item.groups.length === 0 ? "" : `, ${item.groups.join(", ")}`} by{" "}
                {item.responder === "cloud" ? "the cloud" : item.responder} on{" "}
                {item.how === "batch" ? "a batch query" : "an IP query"}
              </li>
            ))}
          </ul>
        )}
      </Hop>
    </ol>
  );
}

function Hop({
  state,
  title,
  children,
  isLast = false,
}: {
  state: State;
  title: string;
  children: ReactNode;
  isLast?: boolean;
}) {
  return (
    <li className="flex gap-3">
      <span className="flex flex-col items-center pt-[5px]">
        <StateGlyph state={state} />
        {isLast ? null : <span aria-hidden className="mt-1 w-px flex-1 bg-line" />}
      </span>
      <div className="min-w-0 flex-1 pb-4 text-sm text-ink-2">
        <h3 className="font-semibold text-ink">{title}</h3>
        {children}
      </div>
    </li>
  );
}
