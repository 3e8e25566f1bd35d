import { unacceptable } from "../refusals.ts";
import { router, tenantProcedure } from "../trpc.ts";
import { readSettings } from "./customer-settings.ts";
import { corroborationPreview, settingsView, updateSettingsInput } from "./settings.schema.ts";
import { updateSettings } from "./update-settings.ts";
import { wouldCorroborate } from "./would-corroborate.ts";

/** What holds for the whole customer: corroboration, detection, what new firewalls get, the listener's TLS. */
export const settingsRouter = router({
  get: tenantProcedure("customer:read")
    .output(settingsView)
    .query(async ({ ctx }) => ({
      settings: await ctx.run((handle) => readSettings(handle)),
      asOf: new Date(ctx.services.now()),
    })),

  /** A look before corroboration is switched on. */
  corroborationPreview: tenantProcedure("session:read")
    .output(corroborationPreview)
    .query(({ ctx }) =>
      ctx.run(async (handle) => {
        const asOf = new Date(ctx.services.now());
        return { ...(await wouldCorroborate(handle, asOf)), asOf };
      }),
    ),

  update: tenantProcedure("settings:write")
    .input(updateSettingsInput)
    .output(settingsView)
    .mutation(async ({ ctx, input }) => {
      const outcome = await updateSettings(ctx, input);
      switch (outcome.kind) {
        case "updated":
          return { settings: outcome.settings, asOf: new Date(ctx.services.now()) };
        case "thresholds-crossed":
          throw unacceptable(
            "changes.detection.suppressServiceAccountAt",
            "An account is suggested before it is silenced: this number may not be below the one above.",
            "thresholds-crossed",
          );
      }
    }),
});
