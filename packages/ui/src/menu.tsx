"use client";

import { Menu as Base } from "@base-ui/react/menu";
import { type ReactElement, type ReactNode, useRef } from "react";

const ITEM =
  "flex min-h-8 w-full cursor-pointer items-center gap-2 px-3 text-left text-sm text-ink outline-none select-none data-highlighted:bg-sunken data-disabled:text-ink-3";

/** A short list of actions or choices behind one button. */
export function Menu({
  trigger,
  label,
  children,
  align = "end",
  defaultOpen = false,
}: {
  trigger: ReactElement<Record<string, unknown>>;
  label?: string;
  children: ReactNode;
  align?: "start" | "end";
  /** Open from the start: for a menu that was loaded because somebody pressed its button. */
  defaultOpen?: boolean;
}) {
  // Opened beside its button and not at the end of the page: there it would stand outside of every landmark.
  const host = useRef<HTMLSpanElement>(null);
  return (
    <Base.Root defaultOpen={defaultOpen}>
      <Base.Trigger render={trigger} />
      <span ref={host} className="contents" />
      <Base.Portal container={host}>
        <Base.Positioner sideOffset={6} align={align} className="z-50 outline-none">
          <Base.Popup
            aria-label={label}
            className="min-w-52 rounded-md border border-line bg-raised py-1 text-ink shadow-pop outline-none transition-opacity duration-[120ms] data-ending-style:opacity-0 data-starting-style:opacity-0"
          >
            {children}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}

export function MenuItem({
  children,
  onSelect,
  render,
}: {
  children: ReactNode;
  onSelect?: () => void;
  render?: ReactElement<Record<string, unknown>>;
}) {
  return (
    <Base.Item className={ITEM} onClick={onSelect} render={render}>
      {children}
    </Base.Item>
  );
}

export function MenuChoices({
  label,
  value,
  onChange,
  options,
}: {
  label: string;
  value: string;
  onChange: (value: string) => void;
  options: readonly { readonly value: string; readonly label: ReactNode }[];
}) {
  return (
    <Base.Group>
      <Base.GroupLabel className="eyebrow px-3 pt-1.5 pb-1">{label}</Base.GroupLabel>
      <Base.RadioGroup value={value} onValueChange={(next) => onChange(String(next))}>
        {options.map((option) => (
          <Base.RadioItem key={option.value} value={option.value} closeOnClick className={ITEM}>
            <span aria-hidden className="inline-flex w-3 justify-center">
              <Base.RadioItemIndicator className="size-1.5 rounded-full bg-accent" />
            </span>
            {option.label}
          </Base.RadioItem>
        ))}
      </Base.RadioGroup>
    </Base.Group>
  );
}

export function MenuRule() {
  return <Base.Separator className="my-1 h-px bg-line" />;
}

export function MenuNote({ children }: { children: ReactNode }) {
  return <div className="px-3 py-1.5 text-sm">{children}</div>;
}
