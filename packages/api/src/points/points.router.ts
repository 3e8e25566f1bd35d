import { SITE_LIMITS } from "@rollcall/agent-protocol";
import { removed } from "../directories/directories.schema.ts";
import { objectInput } from "../input-fields.ts";
import { conflict, noMore, notFound, unacceptable } from "../refusals.ts";
import { router, tenantProcedure } from "../trpc.ts";
import { addPoint } from "./add-point.ts";
import { readJunos, recordJunosCopy } from "./junos-lines.ts";
import { listPoints } from "./list-points.ts";
import {
  addedPoint,
  addPointInput,
  junosCopiedInput,
  junosInput,
  junosResult,
  learnInput,
  pointDetail,
  pointList,
  recorded,
  revokeSecretInput,
  rotatedSecret,
  rotateSecretInput,
  setPushInput,
  updatePointInput,
} from "./points.schema.ts";
import { readPoint } from "./read-point.ts";
import { removePoint } from "./remove-point.ts";
import { resyncPush } from "./resync-push.ts";
import { revokeSecret, rotateSecret } from "./rotate-secret.ts";
import { setLearning } from "./set-learning.ts";
import { setPush } from "./set-push.ts";
import { updatePoint } from "./update-point.ts";

/** Firewalls that may ask or are posted to: how they are answered, their filters, secrets, Junos lines, and who told them what. */
export const pointsRouter = router({
  list: tenantProcedure("point:read")
    .output(pointList)
    .query(({ ctx }) => listPoints(ctx)),

  get: tenantProcedure("point:read")
    .input(objectInput)
    .output(pointDetail)
    .query(async ({ ctx, input }) => {
      const point = await readPoint(ctx, input.id);
      if (point === null) throw notFound();
      return point;
    }),

  /** The answer holds the client secret, this once. */
  add: tenantProcedure("point:write")
    .input(addPointInput)
    .output(addedPoint)
    .mutation(async ({ ctx, input }) => {
      const outcome = await addPoint(ctx, input);
      switch (outcome.kind) {
        case "added":
          return outcome.point;
        case "site-not-found":
        case "space-not-found":
          throw notFound();
        case "no-more":
          throw noMore("enforcement points", SITE_LIMITS.enforcementPoints);
        case "no-profile":
          throw unacceptable("profile", "There is no such profile.", "no-profile");
        case "name-taken":
          throw unacceptable("name", `There is an enforcement point "${input.name}" already.`, "name-taken");
        case "weak":
          throw unacceptable("chosen", outcome.sentence, "weak-secret");
      }
    }),

  update: tenantProcedure("point:write")
    .input(updatePointInput)
    .output(pointDetail)
    .mutation(async ({ ctx, input }) => {
      const outcome = await updatePoint(ctx, input);
      switch (outcome.kind) {
        case "updated":
          return outcome.point;
        case "not-found":
        case "site-not-found":
        case "space-not-found":
          throw notFound();
        case "no-profile":
          throw unacceptable("changes.profile", "There is no such profile.", "no-profile");
        case "pushed-at-site":
          throw unacceptable(
            "changes.siteId",
            "Its push password is sealed to the agents of its present site. Switch push off first.",
            "pushed-at-site",
          );
        case "name-taken":
          throw unacceptable(
            "changes.name",
            "There is an enforcement point of that name already.",
            "name-taken",
          );
        case "changed-meanwhile":
          throw conflict(outcome.sentence, outcome.kind);
      }
    }),

  remove: tenantProcedure("point:write")
    .input(objectInput)
    .output(removed)
    .mutation(async ({ ctx, input }) => {
      const outcome = await removePoint(ctx, input.id);
      switch (outcome.kind) {
        case "removed":
          return { id: input.id };
        case "not-found":
          throw notFound();
      }
    }),

  learn: tenantProcedure("point:write")
    .input(learnInput)
    .output(pointDetail)
    .mutation(async ({ ctx, input }) => {
      const outcome = await setLearning(ctx, input);
      switch (outcome.kind) {
        case "set":
          return outcome.point;
        case "not-found":
          throw notFound();
      }
    }),

  /** The password goes in and never comes out. */
  setPush: tenantProcedure("point:secret")
    .input(setPushInput)
    .output(pointDetail)
    .mutation(async ({ ctx, input }) => {
      const outcome = await setPush(ctx, input);
      switch (outcome.kind) {
        case "set":
          return outcome.point;
        case "not-found":
          throw notFound();
        case "no-site":
          throw conflict("Choose the site of this firewall first: the agent there posts to it.", "no-site");
        case "no-agent":
          throw conflict(
            "Enrol an agent at the firewall's site first: the password is sealed to it and kept nowhere else.",
            "no-agent",
          );
        case "clear-from-cloud":
          throw unacceptable(
            "push.url",
            "From the cloud over https only: the password would cross the internet in clear.",
            "clear-from-cloud",
          );
        case "password-needed":
          throw unacceptable(
            "push.password",
            "Type the password: it would go to another server, for another account, or by another way.",
            "password-needed",
          );
        case "changed-meanwhile":
          throw conflict(outcome.sentence, outcome.kind);
      }
    }),

  /** Of a firewall that the cloud posts to. */
  resyncPush: tenantProcedure("point:write")
    .input(objectInput)
    .output(recorded)
    .mutation(async ({ ctx, input }) => {
      const outcome = await resyncPush(ctx, input.id);
      switch (outcome.kind) {
        case "asked":
          return { recorded: true };
        case "not-found":
          throw notFound();
        case "not-by-cloud":
          throw conflict("The cloud does not post to this firewall.", "not-by-cloud");
      }
    }),

  /** The answer holds the new client secret, this once; the old one goes on for the overlap. */
  rotateSecret: tenantProcedure("point:secret")
    .input(rotateSecretInput)
    .output(rotatedSecret)
    .mutation(async ({ ctx, input }) => {
      const outcome = await rotateSecret(ctx, input);
      switch (outcome.kind) {
        case "rotated":
          return outcome.secret;
        case "not-found":
          throw notFound();
        case "weak":
          throw unacceptable("chosen", outcome.sentence, "weak-secret");
      }
    }),

  revokeSecret: tenantProcedure("point:secret")
    .input(revokeSecretInput)
    .output(pointDetail)
    .mutation(async ({ ctx, input }) => {
      const outcome = await revokeSecret(ctx, input);
      switch (outcome.kind) {
        case "revoked":
          return outcome.point;
        case "not-found":
          throw notFound();
        case "already-ended":
          throw conflict("This secret is not valid any more.", "already-ended");
      }
    }),

  junos: tenantProcedure("point:read")
    .input(junosInput)
    .output(junosResult)
    .query(async ({ ctx, input }) => {
      const lines = await readJunos(ctx, input);
      if (lines === null) throw notFound();
      return lines;
    }),

  junosCopied: tenantProcedure("point:read")
    .input(junosCopiedInput)
    .output(recorded)
    .mutation(async ({ ctx, input }) => {
      const outcome = await recordJunosCopy(ctx, input);
      switch (outcome.kind) {
        case "recorded":
          return { recorded: true };
        case "not-found":
          throw notFound();
      }
    }),
});
