import { parseDnPath } from "@rollcall/identity-core";
import { z } from "zod";
import { customerInput, ipRangeText, objectInput, uuid } from "../input-fields.ts";

const oneLine = /^[^\p{Cc}\p{Zl}\p{Zp}]*$/u;
const name = z.string().trim().min(1).max(64).regex(oneLine, "one line, without control characters");

/** Who is named at a marked address, in place of whoever sits there. */
export const pseudoUser = z.strictObject({
  domain: z.string().trim().max(255).regex(oneLine, "one line, without control characters").default(""),
  name,
  groups: z.array(name).max(20).default([]),
});
export const mark = z.enum(["multi-user", "nat"]);
export const markMode = z.enum(["suppress", "pseudo-user", "last-interactive"]);
const note = z.string().trim().max(200);

export const addMarkInput = customerInput.extend({
  /** The customer's default where absent. */
  addressSpaceId: uuid.optional(),
  range: ipRangeText,
  mark,
  mode: markMode.default("suppress"),
  /** With the mode `pseudo-user` only. */
  pseudoUser: pseudoUser.nullable().default(null),
  note: note.default(""),
});
export const updateMarkInput = objectInput.extend({
  changes: z.strictObject({
    range: ipRangeText.optional(),
    mark: mark.optional(),
    mode: markMode.optional(),
    pseudoUser: pseudoUser.nullable().optional(),
    note: note.optional(),
  }),
});

export const markView = z.object({
  id: uuid,
  addressSpace: z.object({ id: uuid, name: z.string() }),
  range: z.string(),
  mark,
  mode: markMode,
  pseudoUser: pseudoUser.nullable(),
  note: z.string(),
  createdAt: z.date(),
});
export type MarkView = z.infer<typeof markView>;
export const markList = z.object({ items: z.array(markView) });

const under = z
  .string()
  .trim()
  .max(1024)
  .refine(
    (text) => parseDnPath(text) !== null,
    "a distinguished name, as OU=Session hosts,DC=corp,DC=example",
  );

/** Computers that are shared hosts by where their accounts stand in a directory. */
export const addHostMarkInput = customerInput.extend({
  under,
  /** Of those only the ones with a Remote Desktop service name (TERMSRV). */
  remoteDesktopOnly: z.boolean().default(false),
  mode: markMode.default("suppress"),
  /** With the mode `pseudo-user` only. */
  pseudoUser: pseudoUser.nullable().default(null),
  note: note.default(""),
});
export const updateHostMarkInput = objectInput.extend({
  changes: z.strictObject({
    under: under.optional(),
    remoteDesktopOnly: z.boolean().optional(),
    mode: markMode.optional(),
    pseudoUser: pseudoUser.nullable().optional(),
    note: note.optional(),
  }),
});

export const hostMarkView = z.object({
  id: uuid,
  under: z.string(),
  remoteDesktopOnly: z.boolean(),
  mode: markMode,
  pseudoUser: pseudoUser.nullable(),
  note: z.string(),
  createdAt: z.date(),
});
export type HostMarkView = z.infer<typeof hostMarkView>;
/** In the order in which they are asked: the first that fits a computer counts. */
export const hostMarkList = z.object({ items: z.array(hostMarkView) });
