import { z } from "zod";
import { slug, uuid } from "../input-fields.ts";

export const myself = z.object({
  user: z.object({ id: uuid, name: z.string(), email: z.string(), timeZone: z.string() }),
  practice: z.object({ slug: z.string(), name: z.string() }),
  /** A grant over all customers has none. */
  grants: z.array(z.object({ role: z.string(), customer: z.object({ slug, name: z.string() }).nullable() })),
  /** What the person may at practice level (over all customers). */
  permissions: z.array(z.string()),
  /** False: the person belongs to customers only and never sees the practice level. */
  isPracticeStaff: z.boolean(),
  /** Set where the person can see exactly one customer and no practice level. */
  onlyCustomer: slug.nullable(),
});

export const signInList = z.object({
  items: z.array(
    z.object({
      id: uuid,
      createdAt: z.date(),
      lastSeenAt: z.date(),
      expiresAt: z.date(),
      sourceIp: z.string().nullable(),
      userAgent: z.string().nullable(),
      isThisOne: z.boolean(),
    }),
  ),
});
export const endSignInInput = z.strictObject({ id: uuid });
export const endedSignIn = z.object({ ended: z.boolean() });
