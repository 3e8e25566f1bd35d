"use client";

import { Button } from "@rollcall/ui/button";
import { FormErrors, PasswordField, TextField } from "@rollcall/ui/field";
import { signIn } from "next-auth/react";
import { type FormEvent, useState } from "react";
import { refusalText, type SignInRefusal } from "./refusal.ts";

/**
 * E-mail and password. Plain inputs with the usual names, so that password managers fill them; nothing is typed twice.
 * Errors: a wrong pair, a pause after many tries, a portal that does not answer: each in its own words.
 */
export function SignInForm({ returnTo }: { returnTo: string }) {
  const [refusal, setRefusal] = useState<SignInRefusal | null>(null);
  const [busy, setBusy] = useState(false);

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setBusy(true);
    setRefusal(null);
    const answer = await signIn("credentials", {
      redirect: false,
      email: String(form.get("email") ?? ""),
      password: String(form.get("password") ?? ""),
    }).catch(() => undefined);
    if (answer?.ok === true && answer.error == null) {
      // A full load: everything that follows is made for the person who has just signed in.
      window.location.assign(returnTo);
      return;
    }
    setBusy(false);
    setRefusal(
      answer === undefined
        ? { kind: "no-answer" }
        : { kind: "refused", code: answer.error ?? "", status: answer.status },
    );
  };

  return (
    <form method="post" onSubmit={(event) => void submit(event)} className="flex flex-col gap-4">
      <FormErrors title="Not signed in" items={refusal === null ? [] : [refusalText(refusal)]} />
      <TextField
        label="E-mail"
        name="email"
        type="email"
        autoComplete="username"
        inputMode="email"
        spellCheck={false}
        required
        autoFocus
      />
      <PasswordField label="Password" name="password" autoComplete="current-password" required />
      <Button type="submit" variant="accent" busy={busy}>
        Sign in
      </Button>
    </form>
  );
}
