"use client";

import "@fontsource-variable/atkinson-hyperlegible-next/index.css";
import "./globals.css";
import { FaultView } from "~/features/shell/fault-view.tsx";

/** Stands in for everything, the root layout too; the theme switch does not reach it, so it is light. */
export default function GlobalFault({ error, retry }: { error: unknown; retry: () => void }) {
  return (
    <html lang="en">
      <body>
        <title>Rollcall</title>
        <main>
          <FaultView error={error} retry={retry} />
        </main>
      </body>
    </html>
  );
}
