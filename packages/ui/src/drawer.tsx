"use client";

import { lazy, type ReactNode } from "react";
import { OnDemand } from "./on-demand.tsx";
import { useOpener } from "./opener.ts";

export interface DrawerProps {
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
  readonly title: ReactNode;
  readonly description?: ReactNode;
  /** 480 px for a form, 720 px for an explanation. */
  readonly width?: "form" | "wide";
  readonly children: ReactNode;
  /** Actions, always in sight at the bottom. */
  readonly footer?: ReactNode;
}

const load = () => import("./drawer-panel.tsx");
const DrawerPanel = lazy(load);

/** A panel from the right. Escape closes it, focus goes back to where it came from, the page keeps its scroll. */
export function Drawer(props: DrawerProps) {
  const opener = useOpener(props.open);
  return (
    <OnDemand wanted={props.open} load={load}>
      <DrawerPanel {...props} opener={opener} />
    </OnDemand>
  );
}
