import { StateGlyph } from "@rollcall/ui/state";
import { RunningClock, TimeAgo } from "@rollcall/ui/time";
import type { Outputs } from "~/trpc/outputs.ts";
import { lastAsked } from "./point-words.ts";

type Row = Pick<
  Outputs["points"]["get"],
  "sourceAddresses" | "createdAt" | "lastTokenAt" | "lastBatchAt" | "lastIpQueryAt" | "refused"
> & {
  readonly contacts: Outputs["points"]["get"]["contacts"];
};

/** What the firewall has done so far, live: asked for a token, asked its first question, goes on asking, was refused. */
export function WaitingLine({ point }: { point: Row }) {
  const asked = lastAsked(point);
  const refusal = point.contacts.find(
    (contact) => contact.lastRefusal !== null && contact.lastTokenAt === null,
  );
  const from = point.sourceAddresses[0];
  return (
    <span
      role="status"
      data-testid="firewall-progress"
      className="inline-flex flex-wrap items-center gap-x-2"
    >
      {refusal !== undefined && asked === null ? (
        <>
          <StateGlyph state="bad" />
          <span className="text-bad-ink">
            Refused by {refusal.name}: {refusal.lastRefusal}
          </span>
        </>
      ) : asked === null ? (
        <>
          <StateGlyph state="busy" />
          Waiting for the first token request{from === undefined ? "" : ` from ${from}`}…{" "}
          <RunningClock since={point.createdAt} />
        </>
      ) : point.lastBatchAt === null && point.lastIpQueryAt === null ? (
        <>
          <StateGlyph state="busy" />
          <span>
            Token issued <TimeAgo at={point.lastTokenAt} />. Waiting for its first question…
          </span>
        </>
      ) : (
        <>
          <StateGlyph state="ok" />
          <span>
            It asks: last question <TimeAgo at={asked} />
          </span>
        </>
      )}
    </span>
  );
}
