import { MAX_PROFILE_CHARACTERS } from "@rollcall/srx-protocol";
import { z } from "zod";
import { customerInput, displayName, objectInput } from "../input-fields.ts";

/** The JSON text itself, as it was uploaded: faults are told by where they stand in it. */
const text = z
  .string()
  .min(1, "paste or drop a profile")
  .max(MAX_PROFILE_CHARACTERS, `at most ${MAX_PROFILE_CHARACTERS} characters`);
const note = z.string().trim().max(200);

/** A built-in name, or the id of one of the customer's own. */
export const profileInput = customerInput.extend({ id: z.string().trim().min(1).max(64) });
export const previewProfileInput = customerInput.extend({ text });
export const addProfileInput = customerInput.extend({ name: displayName, note: note.default(""), text });
export const updateProfileInput = objectInput.extend({
  changes: z.strictObject({
    name: displayName.optional(),
    note: note.optional(),
    text: text.optional(),
  }),
});

const fault = z.object({ path: z.string(), sentence: z.string() });
/** One question and its answer as they stand on the wire. */
const exchange = z.object({
  name: z.string(),
  says: z.string(),
  request: z.string(),
  response: z.string(),
});

export const profileRow = z.object({
  id: z.string(),
  name: z.string(),
  isBuiltIn: z.boolean(),
  /** What it is for. */
  note: z.string(),
  /** The firewalls that are answered by it. */
  usedBy: z.array(z.object({ id: z.uuid(), name: z.string() })),
  updatedAt: z.date().nullable(),
});
export const profileList = z.object({ items: z.array(profileRow), asOf: z.date() });

const shown = z.object({
  /** How it answers, in sentences. */
  description: z.array(z.string()),
  exchanges: z.array(exchange),
});
/** `unreadable`: it was made for a version that read profiles otherwise; firewalls are answered by the first built-in one. */
export const profileDetail = profileRow.extend({
  text: z.string(),
  reading: z.discriminatedUnion("kind", [
    shown.extend({ kind: z.literal("read") }),
    z.object({ kind: z.literal("unreadable"), faults: z.array(fault) }),
  ]),
});
export type ProfileDetail = z.infer<typeof profileDetail>;

export const previewResult = z.discriminatedUnion("kind", [
  shown.extend({ kind: z.literal("read") }),
  z.object({ kind: z.literal("refused"), faults: z.array(fault) }),
]);
export const savedProfile = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("saved"), profile: profileDetail }),
  z.object({ kind: z.literal("refused"), faults: z.array(fault) }),
]);
