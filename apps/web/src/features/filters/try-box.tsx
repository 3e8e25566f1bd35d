"use client";

import { TextField } from "@rollcall/ui/field";
import { Panel } from "@rollcall/ui/layout";
import { StateGlyph } from "@rollcall/ui/state";
import { useState } from "react";
import { kindLabel } from "./filter-kinds.ts";
import { BUILT_IN_WORDS, type Filter, tryFilters } from "./try-filters.ts";

/** "Would 10.1.1.5 / CD\svc-scan pass?" Decided here, by the code that decides it in the agent. */
export function TryBox({ filters }: { filters: readonly Filter[] }) {
  const [ip, setIp] = useState("");
  const [user, setUser] = useState("");
  const [dn, setDn] = useState("");
  const outcome = ip.trim() === "" ? null : tryFilters(filters, { ip, user, dn });
  return (
    <Panel title="Would it pass?">
      <div className="grid gap-3 sm:grid-cols-3">
        <TextField
          label="Address"
          mono
          spellCheck={false}
          autoComplete="off"
          placeholder="10.1.1.5"
          value={ip}
          onChange={(event) => setIp(event.target.value)}
        />
        <TextField
          label="User"
          note="optional"
          mono
          spellCheck={false}
          autoComplete="off"
          placeholder="CD\svc-scan"
          value={user}
          onChange={(event) => setUser(event.target.value)}
        />
        <TextField
          label="Distinguished name"
          note="optional"
          mono
          spellCheck={false}
          autoComplete="off"
          placeholder="CN=…,OU=Service,DC=…"
          value={dn}
          onChange={(event) => setDn(event.target.value)}
        />
      </div>
      <p role="status" data-testid="filter-verdict" className="mt-3 min-h-5 text-sm">
        {outcome === null ? (
          <span className="text-ink-2">Type an address.</span>
        ) : (
          <Verdict outcome={outcome} />
        )}
      </p>
    </Panel>
  );
}

export function Verdict({ outcome }: { outcome: ReturnType<typeof tryFilters> }) {
  switch (outcome.kind) {
    case "not-an-address":
      return <span className="text-ink-2">This is not an address yet.</span>;
    case "kept":
      return (
        <span className="inline-flex items-center gap-2 font-semibold text-ok-ink">
          <StateGlyph state="ok" />
          Passes: it becomes a session.
        </span>
      );
    case "kept-back":
      return (
        <span className="inline-flex items-center gap-2 font-semibold text-warn-ink">
          <StateGlyph state="warn" />
          Left out:{" "}
          {outcome.filter === null
            ? (BUILT_IN_WORDS[outcome.rule] ?? outcome.rule)
            : `${kindLabel(outcome.filter.kind)} ${outcome.filter.value}`}
          .
        </span>
      );
  }
}
