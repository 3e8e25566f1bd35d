import type { z } from "zod";
import type { SignedInContext } from "../context.ts";
import type { endSignInInput, signInList } from "./me.schema.ts";

/** The browsers in which the person asking is signed in, newest use first. */
export async function listSignIns({
  principal,
  services,
}: SignedInContext): Promise<z.infer<typeof signInList>> {
  const found = await services.database.signIns.listSignInsOf(principal.userId);
  return { items: found.map((signIn) => ({ ...signIn, isThisOne: signIn.id === principal.signInId })) };
}

export type EndSignInOutcome = { readonly kind: "ended" } | { readonly kind: "not-found" };

/** Only one's own: another person's sign-in is not found. */
export async function endSignIn(
  { principal, services }: SignedInContext,
  { id }: z.output<typeof endSignInInput>,
): Promise<EndSignInOutcome> {
  const hasEnded = await services.database.signIns.endSignInById(principal.userId, id);
  return { kind: hasEnded ? "ended" : "not-found" };
}
