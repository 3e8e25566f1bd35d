"use client";

import { ConfirmDialog } from "@rollcall/ui/dialog";
import type { ReactNode } from "react";
import { useCustomer } from "~/features/shell/customer-context.tsx";
import { refusalOf } from "~/trpc/refusal.ts";

/** Asks before something of a customer is removed; says whose it is, and stays open with the reason where that is refused. */
export function RemoveDialog({
  open,
  title,
  what,
  typeToConfirm,
  removal,
  onConfirm,
  onClose,
  children,
}: {
  open: boolean;
  title: string;
  /** The kind of thing: "filter". */
  what: string;
  typeToConfirm?: string;
  /** The mutation that removes it. */
  removal: {
    readonly isPending: boolean;
    readonly isError: boolean;
    readonly error: unknown;
    readonly reset: () => void;
  };
  onConfirm: () => void;
  onClose: () => void;
  children: ReactNode;
}) {
  const customer = useCustomer();
  return (
    <ConfirmDialog
      open={open}
      onOpenChange={(next) => {
        if (next) return;
        removal.reset();
        onClose();
      }}
      title={title}
      confirmLabel={`Remove ${what} of ${customer.name}`}
      typeToConfirm={typeToConfirm}
      busy={removal.isPending}
      error={removal.isError ? refusalOf(removal.error).message : undefined}
      onConfirm={onConfirm}
    >
      {children}
    </ConfirmDialog>
  );
}
