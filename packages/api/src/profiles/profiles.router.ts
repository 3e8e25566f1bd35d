import { removed } from "../directories/directories.schema.ts";
import { objectInput } from "../input-fields.ts";
import { conflict, notFound, unacceptable } from "../refusals.ts";
import { router, tenantProcedure } from "../trpc.ts";
import { addProfile, removeProfile, updateProfile } from "./change-profiles.ts";
import {
  addProfileInput,
  previewProfileInput,
  previewResult,
  profileDetail,
  profileInput,
  profileList,
  savedProfile,
  updateProfileInput,
} from "./profiles.schema.ts";
import { previewText, readProfileDetail, readProfileRows } from "./read-profiles.ts";

const NAME_TAKEN = "There is a profile of that name already.";

/** How firewalls are answered: the profiles that come with the product, and the customer's own. */
export const profilesRouter = router({
  list: tenantProcedure("point:read")
    .output(profileList)
    .query(async ({ ctx }) => ({
      items: await ctx.run(readProfileRows),
      asOf: new Date(ctx.services.now()),
    })),

  get: tenantProcedure("point:read")
    .input(profileInput)
    .output(profileDetail)
    .query(async ({ ctx, input }) => {
      const profile = await ctx.run((handle) => readProfileDetail(handle, input.id));
      if (profile === null) throw notFound();
      return profile;
    }),

  /** Reads what was dropped or typed and keeps nothing. */
  preview: tenantProcedure("point:read")
    .input(previewProfileInput)
    .output(previewResult)
    .mutation(({ input }) => previewText(input.text)),

  add: tenantProcedure("point:write")
    .input(addProfileInput)
    .output(savedProfile)
    .mutation(async ({ ctx, input }) => {
      const outcome = await addProfile(ctx, input);
      switch (outcome.kind) {
        case "saved":
        case "refused":
          return outcome;
        case "name-taken":
          throw unacceptable("name", NAME_TAKEN, "name-taken");
        case "too-many":
          throw conflict("There are as many profiles as an agent takes. Remove one first.", "too-many");
      }
    }),

  update: tenantProcedure("point:write")
    .input(updateProfileInput)
    .output(savedProfile)
    .mutation(async ({ ctx, input }) => {
      const outcome = await updateProfile(ctx, input);
      switch (outcome.kind) {
        case "saved":
        case "refused":
          return outcome;
        case "not-found":
          throw notFound();
        case "name-taken":
          throw unacceptable("changes.name", NAME_TAKEN, "name-taken");
      }
    }),

  remove: tenantProcedure("point:write")
    .input(objectInput)
    .output(removed)
    .mutation(async ({ ctx, input }) => {
      const outcome = await removeProfile(ctx, input.id);
      switch (outcome.kind) {
        case "removed":
          return { id: input.id };
        case "not-found":
          throw notFound();
        case "in-use":
          throw conflict(
            `It answers ${outcome.by.join(", ")}. Choose another profile there first.`,
            "in-use",
          );
      }
    }),
});
