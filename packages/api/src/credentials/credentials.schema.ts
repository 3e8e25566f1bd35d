import { z } from "zod";
import { customerInput, displayName, hostText, objectInput, uuid } from "../input-fields.ts";
import { versionText } from "../meanwhile.ts";

export const typedPassword = z.string().min(1, "type the password").max(256);

const loginUser = z
  .string()
  .trim()
  .min(1, "user@corp.example or DOMAIN\\user")
  .max(256)
  .regex(/^[^\p{Cc}\p{Zl}\p{Zp}]*$/u, "one line, without control characters");
const realm = z
  .string()
  .trim()
  .toLowerCase()
  .max(255)
  .regex(/^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/, "the DNS name of the domain, e.g. corp.example");

/** What a form sends. Bounds are those of `credentialConfig` of the agent protocol. */
export const credentialFields = z.strictObject({
  name: displayName,
  user: loginUser,
  realm: realm.nullable().default(null),
  kdcs: z.array(hostText).max(20).default([]),
  allowNtlm: z.boolean().default(false),
});

export const addCredentialInput = customerInput.extend({
  ...credentialFields.shape,
  password: typedPassword,
});

/**
 * Only what is named changes. Where the password would prove itself to others (another account, realm or controllers, or by
 * NTLM too), it must be typed again.
 */
export const updateCredentialInput = objectInput.extend({
  /** Whatever is there is changed where absent. */
  version: versionText.optional(),
  changes: z.strictObject({
    name: displayName.optional(),
    user: loginUser.optional(),
    realm: realm.nullable().optional(),
    kdcs: z.array(hostText).max(20).optional(),
    allowNtlm: z.boolean().optional(),
    password: typedPassword.optional(),
  }),
});

export const credentialUser = z.object({
  kind: z.enum(["directory", "event-log", "pc-probe"]),
  id: uuid,
  name: z.string(),
  site: z.object({ id: uuid, name: z.string() }),
});
export type CredentialUser = z.infer<typeof credentialUser>;

export const credentialView = z.object({
  id: uuid,
  name: z.string(),
  user: z.string(),
  realm: z.string().nullable(),
  kdcs: z.array(z.string()),
  allowNtlm: z.boolean(),
  /** When the password was typed; it cannot be read back by anybody but the customer's agents. */
  passwordSetAt: z.date(),
  /** Agents of sites that use it, enrolled after the password was typed: they cannot open it. */
  agentsWithoutPassword: z.array(z.string()),
  usedBy: z.array(credentialUser),
  /** `paused` where it is at any agent; `never` where no agent has tried it. */
  state: z.enum(["ok", "paused", "never"]),
  sentence: z.string(),
  /** What each agent says of it, those that paused it first. */
  agents: z.array(
    z.object({
      id: uuid,
      name: z.string(),
      state: z.enum(["ok", "paused", "never"]),
      sentence: z.string(),
      successes: z.number().int(),
      failures: z.number().int(),
      lastSuccessAt: z.date().nullable(),
      lastFailureAt: z.date().nullable(),
    }),
  ),
  version: versionText,
});
export type CredentialView = z.infer<typeof credentialView>;
export const credentialList = z.object({ items: z.array(credentialView), asOf: z.date() });
