import Link from "next/link";
import type { ReactNode } from "react";
import { Wordmark } from "./wordmark.tsx";

/** A page outside of the shell: the product's name, and one thing to say. */
export function Plain({ children }: { children: ReactNode }) {
  return (
    <div className="flex min-h-dvh flex-col">
      <header className="flex h-12 items-center border-b border-line bg-surface px-4">
        <Link href="/" aria-label="Rollcall, start" className="rounded-sm px-0.5">
          <Wordmark />
        </Link>
      </header>
      <main className="flex-1">{children}</main>
    </div>
  );
}
