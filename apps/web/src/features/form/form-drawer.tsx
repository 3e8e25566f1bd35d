"use client";

import { Button } from "@rollcall/ui/button";
import { Drawer } from "@rollcall/ui/drawer";
import type { ReactNode } from "react";

export interface FormDrawerProps {
  readonly open: boolean;
  /** Closed without saving; whatever saving came to is forgotten first. */
  readonly onClose: () => void;
  readonly title: ReactNode;
  readonly description?: ReactNode;
  readonly width?: "form" | "wide";
  /** The id of the form among the children; the button below submits it. */
  readonly formId: string;
  readonly submitLabel: string;
  /** What the form's submit starts. */
  readonly saving: { readonly isPending: boolean; reset(): void };
  /** Nothing can be saved for another reason: what is edited is still coming, or another page follows. */
  readonly alsoBusy?: boolean;
  readonly children: ReactNode;
}

/** A form in a drawer, with its button always in sight. The form is made anew each time it opens. */
export function FormDrawer({
  open,
  onClose,
  title,
  description,
  width,
  formId,
  submitLabel,
  saving,
  alsoBusy = false,
  children,
}: FormDrawerProps) {
  const close = () => {
    saving.reset();
    onClose();
  };
  return (
    <Drawer
      open={open}
      onOpenChange={(next) => {
        if (!next) close();
      }}
      title={title}
      description={description}
      width={width}
      footer={
        <>
          <Button onClick={close}>Cancel</Button>
          <Button type="submit" form={formId} variant="accent" busy={saving.isPending || alsoBusy}>
            {submitLabel}
          </Button>
        </>
      }
    >
      {children}
    </Drawer>
  );
}
