import { z } from "zod";
import { health } from "../chain.schema.ts";
import { customerInput, displayName, hostText, objectInput, uuid } from "../input-fields.ts";
import { versionText } from "../meanwhile.ts";

const password = z.string().min(1, "type the password").max(256);
const bindUser = z.string().trim().min(1, "UPN, DOMAIN\\user or DN of the reading account").max(256);

/** What a form sends. Bounds are those of `directoryConfig` of the agent protocol. */
export const directoryFields = z.strictObject({
  name: displayName,
  host: hostText,
  port: z.number().int().min(1).max(65_535).default(636),
  tls: z.enum(["ldaps", "starttls", "none"]).default("ldaps"),
  caPem: z
    .string()
    .max(32_768)
    .regex(/^\s*-----BEGIN CERTIFICATE-----[\s\S]+-----END CERTIFICATE-----\s*$/, "a PEM certificate")
    .nullable()
    .default(null),
  dangerouslyTrustAnyCertificate: z.boolean().default(false),
  /** Read with a login of its own, or with a credential that other sources use too. */
  bindUser: bindUser.nullable().default(null),
  credentialId: uuid.nullable().default(null),
  baseDn: z.string().trim().max(1024).nullable().default(null),
  domain: z.string().trim().toLowerCase().max(255).nullable().default(null),
  netbiosDomain: z.string().trim().max(15).nullable().default(null),
  pollSeconds: z.number().int().min(5).max(3600).default(30),
  enabled: z.boolean().default(true),
});

/** With a credential the password is asked for only where the credential's own would go outside its domain. */
export const addDirectoryInput = customerInput
  .extend({
    siteId: uuid,
    ...directoryFields.shape,
    password: password.optional(),
  })
  .superRefine(({ bindUser, credentialId, password }, ctx) => {
    const say = (path: string, message: string) => ctx.addIssue({ code: "custom", path: [path], message });
    if (credentialId !== null && bindUser !== null)
      say("credentialId", "a credential, or an account of its own: not both");
    if (credentialId === null && bindUser === null)
      say("bindUser", "UPN, DOMAIN\\user or DN of the reading account");
    if (credentialId === null && password === undefined) say("password", "type the password");
  });

/**
 * Only what is named changes. Where the password would go elsewhere (host, port, TLS, trust or account changes),
 * it must be typed again: nobody can have a stored password sent to a server of theirs.
 */
export const updateDirectoryInput = objectInput.extend({
  /** Whatever is there is changed where absent. */
  version: versionText.optional(),
  changes: z
    .strictObject({
      name: directoryFields.shape.name.optional(),
      host: directoryFields.shape.host.optional(),
      port: z.number().int().min(1).max(65_535).optional(),
      tls: z.enum(["ldaps", "starttls", "none"]).optional(),
      caPem: directoryFields.shape.caPem.unwrap().optional(),
      dangerouslyTrustAnyCertificate: z.boolean().optional(),
      /** Naming one drops the other: an account of its own asks for its password. */
      bindUser: bindUser.optional(),
      credentialId: uuid.optional(),
      baseDn: directoryFields.shape.baseDn.unwrap().optional(),
      domain: directoryFields.shape.domain.unwrap().optional(),
      netbiosDomain: directoryFields.shape.netbiosDomain.unwrap().optional(),
      pollSeconds: z.number().int().min(5).max(3600).optional(),
      enabled: z.boolean().optional(),
      password: password.optional(),
    })
    .refine(({ bindUser, credentialId }) => bindUser === undefined || credentialId === undefined, {
      path: ["credentialId"],
      message: "a credential, or an account of its own: not both",
    }),
});

export const directoryView = z.object({
  id: uuid,
  site: z.object({ id: uuid, name: z.string() }),
  name: z.string(),
  host: z.string(),
  port: z.number().int(),
  tls: z.enum(["ldaps", "starttls", "none"]),
  caPem: z.string().nullable(),
  dangerouslyTrustAnyCertificate: z.boolean(),
  /** Null where a credential is used. */
  bindUser: z.string().nullable(),
  credential: z.object({ id: uuid, name: z.string(), user: z.string() }).nullable(),
  baseDn: z.string().nullable(),
  domain: z.string().nullable(),
  netbiosDomain: z.string().nullable(),
  pollSeconds: z.number().int(),
  enabled: z.boolean(),
  /** When the password was typed; it cannot be read back by anybody but the site's agents. */
  passwordSetAt: z.date(),
  /** Agents of the site that cannot open the password: it was typed before they were enrolled. */
  agentsWithoutPassword: z.array(z.string()),
  health,
  lastActivityAt: z.date().nullable(),
  /** As the agent counts: users, devices, groups. */
  counters: z.record(z.string(), z.number()),
  version: versionText,
});
export type DirectoryView = z.infer<typeof directoryView>;
export const directoryList = z.object({ items: z.array(directoryView), asOf: z.date() });
export const removed = z.object({ id: uuid });
