"use client";

import { lazy, type ReactNode } from "react";
import { OnDemand } from "./on-demand.tsx";
import { useOpener } from "./opener.ts";

export interface ConfirmDialogProps {
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
  readonly title: string;
  /** What will happen to live traffic, and how to undo it. */
  readonly children: ReactNode;
  /** Names the customer: "Revoke agent of Castell & Daughters". */
  readonly confirmLabel: string;
  readonly tone?: "danger" | "plain";
  /** Only where it cannot be undone: this text must be typed. */
  readonly typeToConfirm?: string;
  readonly busy?: boolean;
  readonly error?: string | undefined;
  readonly onConfirm: () => void;
}

const load = () => import("./dialog-panel.tsx");
const ConfirmDialogPanel = lazy(load);

/** Asks before something that is hard to take back. */
export function ConfirmDialog(props: ConfirmDialogProps) {
  const opener = useOpener(props.open);
  return (
    <OnDemand wanted={props.open} load={load}>
      <ConfirmDialogPanel {...props} opener={opener} />
    </OnDemand>
  );
}
