import type { ReactNode } from "react";

/** A region that scrolls must be reachable by keyboard, though it holds nothing to press. */
const REACHABLE = { tabIndex: 0 } as const;

/** A part that scrolls on its own, reachable and named. */
export function ScrollRegion({
  label,
  axis,
  testId,
  children,
}: {
  label: string;
  axis: "x" | "both";
  testId?: string | undefined;
  children: ReactNode;
}) {
  return (
    <section
      aria-label={label}
      data-testid={testId}
      {...REACHABLE}
      className={`-outline-offset-2! ${axis === "x" ? "overflow-x-auto" : "overflow-auto"}`}
    >
      {children}
    </section>
  );
}
