"use client";

import { Button } from "@rollcall/ui/button";
import { type ReactNode, useState } from "react";

/** A step's form: open when it is this step's turn, else behind one button for whoever wants to do it now. */
export function OutOfTurn({
  isNext,
  label,
  children,
}: {
  isNext: boolean;
  label: string;
  children: ReactNode;
}) {
  const [wanted, setWanted] = useState(false);
  if (isNext || wanted) return children;
  return (
    <div>
      <Button onClick={() => setWanted(true)}>{label}</Button>
    </div>
  );
}
