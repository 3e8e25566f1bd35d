"use client";

import { Button } from "@rollcall/ui/button";
import { SelectField, TextAreaField, TextField } from "@rollcall/ui/field";
import { Mono, Panel } from "@rollcall/ui/layout";
import { Notice } from "@rollcall/ui/notice";
import { Time } from "@rollcall/ui/time";
import { useState } from "react";
import { entriesOf } from "~/features/form/entries.ts";
import { fieldError } from "~/trpc/refusal.ts";
import { SaveBar } from "./save-bar.tsx";
import type { Settings } from "./settings-words.ts";
import { useSaveSettings } from "./use-save-settings.ts";

/** A listener of its own for firewalls that speak nothing newer than TLS 1.0 or 1.1: for named firewalls, for a while. */
export function LegacyPanel({
  value,
  asOf,
  canWrite,
}: {
  value: Settings["legacyListener"];
  asOf: Date;
  canWrite: boolean;
}) {
  const isOpen = value !== null && value.until > asOf;
  const [adding, setAdding] = useState(false);
  const [sources, setSources] = useState(value?.sources.join("\n") ?? "");
  const [port, setPort] = useState(String(value?.port ?? 8446));
  const [days, setDays] = useState("30");
  const { save, isSaving, refusal } = useSaveSettings();
  return (
    <Panel
      title="Firewalls that speak TLS 1.0 or 1.1 only"
      tools={
        canWrite && !adding ? (
          <>
            <Button size="small" onClick={() => setAdding(true)}>
              {isOpen ? "Change or prolong" : "Open a listener for them…"}
            </Button>
            {isOpen ? (
              <Button
                size="small"
                variant="danger"
                busy={isSaving}
                onClick={() => save({ legacyListener: null })}
              >
                Close it now
              </Button>
            ) : null}
          </>
        ) : undefined
      }
    >
      <div className="flex flex-col gap-4">
        {isOpen ? (
          <Notice
            tone="warn"
            title={
              <>
                Open until <Time at={value.until} />
              </>
            }
          >
            On port {value.port} of every agent, for <Mono>{value.sources.join(", ")}</Mono>. Whoever listens
            on the way can read along.
          </Notice>
        ) : (
          <p className="max-w-[68ch] text-sm text-ink-2">
            {value === null ? (
              "Closed. Only for firewalls that cannot be updated: a separate listener that takes named addresses and closes by itself."
            ) : (
              <>
                It closed by itself, <Time at={value.until} />.
              </>
            )}
          </p>
        )}
        {adding ? (
          <form
            className="flex max-w-[68ch] flex-col gap-4"
            onSubmit={(event) => {
              event.preventDefault();
              save({
                legacyListener: { sources: entriesOf(sources), port: Number(port), days: Number(days) },
              });
            }}
          >
            <TextAreaField
              label="Which firewalls"
              mono
              rows={2}
              spellCheck={false}
              placeholder="10.20.0.1"
              help="Addresses or prefixes, one to a line. Everybody else is closed before a handshake."
              value={sources}
              onChange={(event) => setSources(event.target.value)}
              error={fieldError(refusal, "legacyListener.sources")}
            />
            <TextField
              label="Port"
              inputMode="numeric"
              value={port}
              onChange={(event) => setPort(event.target.value)}
              error={fieldError(refusal, "legacyListener.port")}
            />
            <SelectField
              label="Open for"
              value={days}
              onChange={(event) => setDays(event.target.value)}
              options={["7", "30", "90"].map((each) => ({ value: each, label: `${each} days` }))}
            />
            <SaveBar
              what="listener"
              isChanged
              isSaving={isSaving}
              refusal={refusal}
              onReset={() => setAdding(false)}
            />
          </form>
        ) : null}
      </div>
    </Panel>
  );
}
