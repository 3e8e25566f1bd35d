"use client";

import { Button } from "@rollcall/ui/button";
import { Drawer } from "@rollcall/ui/drawer";
import type { ReactNode } from "react";

export interface FormDrawerProps {
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
  readonly title: ReactNode;
  readonly description?: ReactNode;
  readonly width?: "form" | "wide";
  /** The id of the form among the children; the button below submits it. */
  readonly formId: string;
  readonly submitLabel: string;
  readonly busy: boolean;
  readonly children: ReactNode;
}

/** A form in a drawer, with its button always in sight. The form is made anew each time it opens. */
export function FormDrawer({
  open,
  onOpenChange,
  title,
  description,
  width,
  formId,
  submitLabel,
  busy,
  children,
}: FormDrawerProps) {
  return (
    <Drawer
      open={open}
      onOpenChange={onOpenChange}
      title={title}
      description={description}
      width={width}
      footer={
        <>
          <Button onClick={() => onOpenChange(false)}>Cancel</Button>
          <Button type="submit" form={formId} variant="accent" busy={busy}>
            {submitLabel}
          </Button>
        </>
      }
    >
      {children}
    </Drawer>
  );
}
