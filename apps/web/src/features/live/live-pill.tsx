"use client";

import { Button } from "@rollcall/ui/button";
import { StateGlyph } from "@rollcall/ui/state";
import { formatInstant, useZone } from "@rollcall/ui/time";
import { useLiveState } from "./live-provider.tsx";

/** Stands in the header only while nothing comes: what is on screen may be old, and since when. */
export function LivePill() {
  const { state, lastAt, reconnect } = useLiveState();
  const zone = useZone();
  if (state !== "paused") return <span role="status" className="sr-only" />;
  return (
    <span
      role="status"
      className="inline-flex h-7 items-center gap-2 rounded-sm bg-warn-wash px-2 text-xs font-semibold text-warn-ink"
    >
      <StateGlyph state="warn" />
      <span className="max-sm:sr-only">
        Live paused{lastAt === null ? "" : ` – last data ${formatInstant(lastAt, zone, { date: false })}`}
      </span>
      <Button size="inline" variant="quiet" onClick={reconnect}>
        Reconnect
      </Button>
    </span>
  );
}
