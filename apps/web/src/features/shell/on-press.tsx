"use client";

import {
  type ButtonHTMLAttributes,
  cloneElement,
  type ReactElement,
  type ReactNode,
  Suspense,
  useState,
} from "react";

/** A button whose menu or list is loaded when somebody reaches for it, and opens with the press that asked for it. */
export function OnPress({
  button,
  load,
  children,
}: {
  button: ReactElement<ButtonHTMLAttributes<HTMLButtonElement>>;
  load: () => Promise<unknown>;
  /** The loaded part, with the same button, open. */
  children: ReactNode;
}) {
  const [wanted, setWanted] = useState(false);
  // A failed early fetch says nothing: the press asks for it again.
  const early = () => void load().catch(() => undefined);
  const face = cloneElement(button, {
    "aria-haspopup": "true",
    "aria-expanded": wanted,
    onPointerEnter: early,
    onFocus: early,
    onClick: () => setWanted(true),
  });
  return wanted ? <Suspense fallback={face}>{children}</Suspense> : face;
}
