import { removed } from "../directories/directories.schema.ts";
import { objectInput } from "../input-fields.ts";
import { conflict, notFound, unacceptable } from "../refusals.ts";
import { router, tenantProcedure } from "../trpc.ts";
import { addCredential } from "./add-credential.ts";
import { readCredentialViews } from "./credential-views.ts";
import {
  addCredentialInput,
  credentialList,
  credentialView,
  updateCredentialInput,
} from "./credentials.schema.ts";
import { removeCredential } from "./remove-credential.ts";
import { updateCredential } from "./update-credential.ts";

export const ENROL_AN_AGENT = "Enrol an agent first: the password is sealed to agents and kept nowhere else.";
const NO_REALM =
  "It does not say its Kerberos realm: write user@corp.example, or set the realm, or allow NTLM.";

/** Logins at Windows servers that several sources use: typed once, changed once. Passwords go in and never come out. */
export const credentialsRouter = router({
  list: tenantProcedure("source:read")
    .output(credentialList)
    .query(async ({ ctx }) => ({
      items: await ctx.run(({ tx, tenantId }) => readCredentialViews(tx, { tenantId, id: null })),
      asOf: new Date(ctx.services.now()),
    })),

  add: tenantProcedure("source:write")
    .input(addCredentialInput)
    .output(credentialView)
    .mutation(async ({ ctx, input }) => {
      const outcome = await addCredential(ctx, input);
      switch (outcome.kind) {
        case "added":
          return outcome.credential;
        case "no-agent":
          throw conflict(ENROL_AN_AGENT, "no-agent");
        case "no-realm":
          throw unacceptable("user", NO_REALM, "no-realm");
        case "name-taken":
          throw unacceptable("name", `There is a credential "${input.name}" already.`, "name-taken");
      }
    }),

  update: tenantProcedure("source:write")
    .input(updateCredentialInput)
    .output(credentialView)
    .mutation(async ({ ctx, input }) => {
      const outcome = await updateCredential(ctx, input);
      switch (outcome.kind) {
        case "updated":
          return outcome.credential;
        case "not-found":
          throw notFound();
        case "no-agent":
          throw conflict(ENROL_AN_AGENT, "no-agent");
        case "no-realm":
          throw unacceptable("changes.user", NO_REALM, "no-realm");
        case "password-needed":
          throw unacceptable(
            "changes.password",
            "Type the password again: it would prove itself for another account, to other controllers, or by NTLM.",
            "password-needed",
          );
        case "addresses-need-ntlm":
          throw unacceptable(
            "changes.allowNtlm",
            `Kerberos cannot log in at an address, and these are named by one: ${outcome.sources.join(", ")}. Give them DNS names first.`,
            "addresses-need-ntlm",
          );
        case "name-taken":
          throw unacceptable("changes.name", "There is a credential of that name already.", "name-taken");
        case "changed-meanwhile":
          throw conflict(outcome.sentence, outcome.kind);
      }
    }),

  remove: tenantProcedure("source:write")
    .input(objectInput)
    .output(removed)
    .mutation(async ({ ctx, input }) => {
      const outcome = await removeCredential(ctx, input.id);
      switch (outcome.kind) {
        case "removed":
          return { id: input.id };
        case "not-found":
          throw notFound();
        case "in-use":
          throw conflict(`It is in use: ${outcome.by.join(", ")}. Give these another login first.`, "in-use");
      }
    }),
});
