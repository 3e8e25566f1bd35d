import { notFound } from "../refusals.ts";
import { router, selfProcedure } from "../trpc.ts";
import { endedSignIn, endSignInInput, myself, signInList } from "./me.schema.ts";
import { readMyself } from "./read-myself.ts";
import { endSignIn, listSignIns } from "./sign-ins.ts";

/** The person asking: who they are, what they may, where they are signed in. */
export const meRouter = router({
  get: selfProcedure()
    .output(myself)
    .query(({ ctx }) => readMyself(ctx)),

  signIns: selfProcedure()
    .output(signInList)
    .query(({ ctx }) => listSignIns(ctx)),

  /** Signs a browser out, this one or another. */
  endSignIn: selfProcedure()
    .input(endSignInInput)
    .output(endedSignIn)
    .mutation(async ({ ctx, input }) => {
      const outcome = await endSignIn(ctx, input);
      switch (outcome.kind) {
        case "ended":
          return { ended: true };
        case "not-found":
          throw notFound();
      }
    }),
});
