"use client";

import { AlertDialog } from "@base-ui/react/alert-dialog";
import { useState } from "react";
import { Button } from "./button.tsx";
import type { ConfirmDialogProps } from "./dialog.tsx";
import { TextField } from "./field.tsx";
import { Notice } from "./notice.tsx";

/** Asks before something that is hard to take back. */
export default function ConfirmDialogPanel({
  opener,
  ...props
}: ConfirmDialogProps & { opener: () => HTMLElement | undefined }) {
  return (
    <AlertDialog.Root open={props.open} onOpenChange={props.onOpenChange}>
      <AlertDialog.Portal>
        <AlertDialog.Backdrop className="fixed inset-0 z-60 bg-scrim transition-opacity duration-[120ms] data-ending-style:opacity-0 data-starting-style:opacity-0" />
        <AlertDialog.Viewport className="fixed inset-0 z-60 flex items-center justify-center p-4">
          <AlertDialog.Popup
            finalFocus={opener}
            className="w-full max-w-md rounded-lg border border-line bg-raised text-ink shadow-pop outline-none transition-opacity duration-[120ms] data-ending-style:opacity-0 data-starting-style:opacity-0"
          >
            <Body {...props} />
          </AlertDialog.Popup>
        </AlertDialog.Viewport>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}

function Body({
  title,
  children,
  confirmLabel,
  tone = "danger",
  typeToConfirm,
  busy,
  error,
  onConfirm,
}: ConfirmDialogProps) {
  const [typed, setTyped] = useState("");
  const ready = typeToConfirm === undefined || typed.trim() === typeToConfirm;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (ready) onConfirm();
      }}
    >
      <div className="flex flex-col gap-3 px-5 py-4">
        <AlertDialog.Title className="text-lg font-semibold">{title}</AlertDialog.Title>
        <AlertDialog.Description render={<div />} className="flex flex-col gap-2 text-base text-ink-2">
          {children}
        </AlertDialog.Description>
        {typeToConfirm === undefined ? null : (
          <TextField
            label={`Type ${typeToConfirm} to confirm`}
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
            autoComplete="off"
            spellCheck={false}
          />
        )}
        {error === undefined ? null : (
          <Notice tone="bad" title="Not done">
            {error}
          </Notice>
        )}
      </div>
      <div className="flex flex-wrap justify-end gap-2 border-t border-line px-5 py-3">
        <AlertDialog.Close render={<Button>Keep it</Button>} />
        <Button
          type="submit"
          variant={tone === "danger" ? "danger-solid" : "primary"}
          busy={busy ?? false}
          disabled={!ready}
        >
          {confirmLabel}
        </Button>
      </div>
    </form>
  );
}
