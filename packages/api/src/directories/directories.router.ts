import { SITE_LIMITS } from "@rollcall/agent-protocol";
import { objectInput } from "../input-fields.ts";
import { conflict, noMore, notFound, unacceptable } from "../refusals.ts";
import { router, tenantProcedure } from "../trpc.ts";
import { addDirectory } from "./add-directory.ts";
import {
  addDirectoryInput,
  directoryList,
  directoryView,
  removed,
  updateDirectoryInput,
} from "./directories.schema.ts";
import { listDirectories } from "./list-directories.ts";
import { removeDirectory } from "./remove-directory.ts";
import { updateDirectory } from "./update-directory.ts";

const TYPE_IT_AGAIN =
  "Type the password again: it would go to another server, by another way, or for another account.";
const ENROL_FIRST =
  "Enrol an agent at this site first: the password is sealed to the agent and kept nowhere else.";

/** Directories (LDAP, Active Directory) that a site's agents read. Passwords go in and never come out. */
export const directoriesRouter = router({
  list: tenantProcedure("source:read")
    .output(directoryList)
    .query(({ ctx }) => listDirectories(ctx)),

  add: tenantProcedure("source:write")
    .input(addDirectoryInput)
    .output(directoryView)
    .mutation(async ({ ctx, input }) => {
      const outcome = await addDirectory(ctx, input);
      switch (outcome.kind) {
        case "added":
          return outcome.directory;
        case "site-not-found":
        case "credential-not-found":
          throw notFound();
        case "password-needed":
          throw unacceptable(
            "password",
            "Type the credential's password again: it would go outside its own domain, in clear, or to whoever answers.",
            "password-needed",
          );
        case "no-more":
          throw noMore("directories at this site", SITE_LIMITS.directories);
        case "no-agent":
          throw conflict(ENROL_FIRST, "no-agent");
        case "name-taken":
          throw unacceptable("name", `There is a directory "${input.name}" already.`, "name-taken");
      }
    }),

  update: tenantProcedure("source:write")
    .input(updateDirectoryInput)
    .output(directoryView)
    .mutation(async ({ ctx, input }) => {
      const outcome = await updateDirectory(ctx, input);
      switch (outcome.kind) {
        case "updated":
          return outcome.directory;
        case "not-found":
        case "credential-not-found":
          throw notFound();
        case "no-agent":
          throw conflict(ENROL_FIRST, "no-agent");
        case "password-needed":
          throw unacceptable("changes.password", TYPE_IT_AGAIN, "password-needed");
        case "name-taken":
          throw unacceptable("changes.name", "There is a directory of that name already.", "name-taken");
        case "changed-meanwhile":
          throw conflict(outcome.sentence, outcome.kind);
      }
    }),

  remove: tenantProcedure("source:write")
    .input(objectInput)
    .output(removed)
    .mutation(async ({ ctx, input }) => {
      const outcome = await removeDirectory(ctx, input.id);
      switch (outcome.kind) {
        case "removed":
          return { id: input.id };
        case "not-found":
          throw notFound();
      }
    }),
});
