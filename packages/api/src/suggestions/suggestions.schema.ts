import { z } from "zod";
import { objectInput, uuid } from "../input-fields.ts";
import { markMode, pseudoUser } from "../marks/marks.schema.ts";

export const suggestionView = z.object({
  id: uuid,
  kind: z.enum(["service-account", "multi-user", "nat"]),
  /** The account for `service-account`, else null. */
  account: z.object({ domain: z.string(), name: z.string() }).nullable(),
  /** The address for `multi-user` and `nat`, else null. */
  address: z
    .object({ ip: z.string(), addressSpace: z.object({ id: z.string(), name: z.string() }) })
    .nullable(),
  /** Who found it. */
  agent: z.string(),
  /** How many addresses, people or devices, and a few of them. */
  count: z.number().int(),
  examples: z.array(z.string()),
  /** What speaks for it besides the count: `service-name`, `password-never-expires`, `remote-desktop`. */
  signs: z.array(z.string()),
  /** `automatic`: the agent acts on it already; a person may still decide. */
  state: z.enum(["open", "automatic", "approved", "dismissed"]),
  firstSeenAt: z.date(),
  lastSeenAt: z.date(),
  /** The filter or mark that an approval made; `exists` false: somebody removed it since. */
  made: z.object({ kind: z.enum(["filter", "mark"]), id: uuid, exists: z.boolean() }).nullable(),
  /** Who decided what, newest first. */
  history: z.array(
    z.object({ at: z.date(), actor: z.string(), decision: z.enum(["approve", "dismiss", "undo"]) }),
  ),
});
export type SuggestionView = z.infer<typeof suggestionView>;

export const suggestionList = z.object({
  /** Undecided ones first, then by when they were last seen. */
  items: z.array(suggestionView),
  open: z.number().int(),
  /** Sites in their first days: their agents suggest service accounts and act on none. */
  learning: z.array(z.object({ site: z.string(), until: z.date() })),
  asOf: z.date(),
});

/**
 * An account becomes a filter that leaves it out, of its domain alone or wherever one of that name is; an address becomes
 * a mark with a mode.
 */
export const approveSuggestionInput = objectInput.extend({
  match: z.enum(["account", "name"]).default("account"),
  mode: markMode.default("suppress"),
  pseudoUser: pseudoUser.nullable().default(null),
});
