"use client";

import { useEffect, useRef, useState } from "react";
import { Button, type ButtonProps } from "./button.tsx";

/** Puts text on the clipboard; falls back to a selection where the page has no right to the clipboard (plain http). */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    area.setAttribute("readonly", "");
    area.style.position = "fixed";
    area.style.opacity = "0";
    // Inside an open drawer or dialog focus is kept within it: a node outside could not be selected.
    const host = document.activeElement?.closest("[role=dialog],[role=alertdialog]") ?? document.body;
    host.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}

/** A button that copies and says so in its own place. */
export function CopyButton({
  text,
  label = "Copy",
  copied = "Copied",
  variant,
  size,
  onCopied,
}: {
  text: string;
  label?: string;
  copied?: string;
  variant?: ButtonProps["variant"];
  size?: ButtonProps["size"];
  onCopied?: () => void;
}) {
  const [state, setState] = useState<"idle" | "copied" | "refused">("idle");
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const copy = async () => {
    const done = await copyText(text);
    setState(done ? "copied" : "refused");
    if (done) onCopied?.();
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setState("idle"), 3000);
  };
  return (
    <>
      <Button variant={variant} size={size} onClick={() => void copy()}>
        {state === "idle" ? label : state === "copied" ? copied : "The browser refused: select and copy"}
      </Button>
      <span className="sr-only" role="status">
        {state === "copied" ? copied : ""}
      </span>
    </>
  );
}
