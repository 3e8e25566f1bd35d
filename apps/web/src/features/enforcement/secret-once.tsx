"use client";

import { Button } from "@rollcall/ui/button";
import { CopyButton } from "@rollcall/ui/copy-button";
import { Notice } from "@rollcall/ui/notice";
import { useState } from "react";
import { forgetSecret, useHeldSecret } from "./held-secret.ts";

/** A secret that was just made: here once, masked, gone when the page is left. */
export function SecretOnce({ pointId }: { pointId: string }) {
  const secret = useHeldSecret(pointId);
  const [shown, setShown] = useState(false);
  if (secret === null) return null;
  return (
    <Notice
      tone="info"
      title="The client secret, shown once"
      action={
        <span className="flex flex-wrap gap-2">
          <CopyButton text={secret} label="Copy secret" copied="Copied the secret" />
          <Button onClick={() => setShown(!shown)}>{shown ? "Hide" : "Show"}</Button>
          <Button onClick={() => forgetSecret(pointId)}>I have it</Button>
        </span>
      }
    >
      <p>
        It stands in the lines below too. We keep only what is needed to check it: once this tab is reloaded
        or closed, nobody can show it again.
      </p>
      <p className="mt-1 font-mono text-sm break-all" data-testid="client-secret">
        {shown ? secret : "•".repeat(24)}
      </p>
    </Notice>
  );
}
