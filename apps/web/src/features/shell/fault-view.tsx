"use client";

import { Button, buttonClass } from "@rollcall/ui/button";
import { ErrorState } from "@rollcall/ui/error-state";
import Link from "next/link";

/** A page that could not be made. The digest is what support finds the other text by. */
export function FaultView({ error, retry }: { error: unknown; retry: () => void }) {
  const digest =
    error instanceof Error && "digest" in error && typeof error.digest === "string"
      ? error.digest
      : undefined;
  return (
    <ErrorState
      title="This page could not be made"
      requestId={digest}
      actions={
        <>
          <Button variant="primary" onClick={retry}>
            Try again
          </Button>
          <Link href="/" className={buttonClass({ variant: "secondary" })}>
            To the start
          </Link>
        </>
      }
    >
      <p>
        The portal failed while it asked for the data. Your firewalls keep being answered; only this page
        failed.
      </p>
    </ErrorState>
  );
}
