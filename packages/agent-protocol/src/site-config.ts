import { z } from "zod";

/**
 * What an agent does at a site. One schema for the portal, the gateway, the wire and the local YAML file
 * (`rollcall-agent run --config FILE`). Unknown keys are errors on every level.
 */

const id = z.string().min(1).max(64);
const cidr = z.string().min(1).max(100).describe("An address, a CIDR prefix or a range a-b; IPv4 or IPv6.");

/** A password or the like: sealed to the agent's sealing key (from the portal), or read from a local file. Never plain text in the configuration. */
export const secretRef = z.union([
  z.strictObject({
    sealed: z
      .array(z.strictObject({ agentId: z.string(), ciphertext: z.string() }))
      .describe("HPKE ciphertexts, one per agent of the site, base64url."),
  }),
  z.strictObject({
    file: z.string().describe("Path of a file that holds the secret and nothing else; mode 0600."),
  }),
]);
export type SecretRef = z.infer<typeof secretRef>;

export const directoryConfig = z.strictObject({
  id,
  name: z.string().min(1).max(100),
  host: z.string().min(1).max(253).describe("DNS name or address of a domain controller."),
  port: z.number().int().min(1).max(65535).default(636),
  tls: z.enum(["ldaps", "starttls", "none"]).default("ldaps"),
  caPem: z
    .string()
    .max(32_768)
    .optional()
    .describe("PEM of the CA that signed the server's certificate; the system's store where absent."),
  dangerouslyTrustAnyCertificate: z.boolean().default(false),
  bindUser: z.string().min(1).max(256).describe("UPN, DOMAIN\\user or DN of the reading account."),
  bindPassword: secretRef,
  baseDn: z.string().max(1024).optional().describe("Default naming context of the server where absent."),
  domain: z
    .string()
    .max(255)
    .optional()
    .describe("DNS name of the domain; derived from the base DN where absent."),
  netbiosDomain: z.string().max(15).optional().describe("Read from the directory where absent."),
  pollSeconds: z.number().int().min(5).max(3600).default(30),
  pageSize: z.number().int().min(50).max(1000).default(500),
});
export type DirectoryConfig = z.infer<typeof directoryConfig>;

/** What a captured value becomes. `ignore` documents a group without using it. */
export const syslogAttribute = z.enum(["user", "domain", "ip", "device", "correlator", "groups", "ignore"]);
export type SyslogAttribute = z.infer<typeof syslogAttribute>;

export const syslogPattern = z.strictObject({
  attribute: syslogAttribute,
  /** RE2 syntax; the value is group `value` if there is one, else the first group, else the whole match. */
  pattern: z.string().min(1).max(1000),
  /** Which match counts: 1 is the first (JIMS: Return Count). */
  returnCount: z.number().int().min(1).max(20).default(1),
  normalise: z
    .enum(["none", "upn", "domain-user", "dn"])
    .default("none")
    .describe("Split UPN or DOMAIN\\user into user and domain; take a DN's first RDN value."),
  optional: z.boolean().default(false),
});

export const syslogSequence = z.strictObject({
  id,
  ordinal: z.number().int().min(1).describe("Numbered from 1; tried in this order."),
  description: z.string().max(200).default(""),
  kind: z.enum(["begin", "end"]),
  trigger: z.string().min(1).max(1000).describe("RE2 expression that says: this line is meant."),
  patterns: z.array(syslogPattern).min(1).max(20),
  matchSourceIp: z
    .boolean()
    .default(false)
    .describe("Take the sender's address as the session's address where no pattern gives one."),
  startingTimeMinutes: z
    .number()
    .int()
    .min(0)
    .max(1440)
    .default(0)
    .describe("Ignore lines whose event is older than this when the source starts; 0: no limit."),
  positiveSamples: z.array(z.string().max(4096)).max(50).default([]),
  negativeSamples: z.array(z.string().max(4096)).max(50).default([]),
});
export type SyslogSequence = z.infer<typeof syslogSequence>;

export const syslogSourceConfig = z.strictObject({
  id,
  name: z.string().min(1).max(100),
  senders: z.array(cidr).min(1).max(50).describe("Who may send: addresses or prefixes."),
  transport: z.enum(["any", "udp", "tcp"]).default("any"),
  addressSpaceId: id,
  speaksFor: z
    .array(cidr)
    .max(200)
    .default([])
    .describe(
      "Addresses this source may open sessions for with full weight; outside them its lines only refresh.",
    ),
  defaultDomain: z.string().max(255).optional(),
  timeZone: z
    .string()
    .max(64)
    .optional()
    .describe("IANA zone of time stamps that carry none; receive time is used where absent."),
  lifetimeMinutes: z.number().int().min(1).max(1440).default(480),
  maxLinesPerSecond: z.number().int().min(1).max(1_000_000).default(20_000),
  sequences: z.array(syslogSequence).max(100).default([]),
});
export type SyslogSourceConfig = z.infer<typeof syslogSourceConfig>;

export const filterConfig = z.discriminatedUnion("kind", [
  z.strictObject({ id, kind: z.literal("ip-include"), range: cidr }),
  z.strictObject({ id, kind: z.literal("ip-exclude"), range: cidr }),
  z.strictObject({
    id,
    kind: z.literal("principal-exclude"),
    pattern: z
      .string()
      .min(1)
      .max(1000)
      .describe("RE2, matched without case against `name` and `domain\\name`."),
  }),
  z.strictObject({ id, kind: z.literal("dn-exclude"), pattern: z.string().min(1).max(1000) }),
  z.strictObject({
    id,
    kind: z.literal("group-include"),
    pattern: z.string().min(1).max(1000),
    domain: z.string().max(255).optional(),
  }),
]);
export type FilterConfig = z.infer<typeof filterConfig>;

/** One firewall (or a subnet of firewalls) that may ask this agent. Only verifiers of its secrets come here. */
export const enforcementPointConfig = z.strictObject({
  id,
  name: z.string().min(1).max(100),
  clientId: z.string().regex(/^[A-Za-z0-9._-]{3,64}$/),
  verifiers: z
    .array(z.string().max(200))
    .max(4)
    .describe("`s1$<salt b64url>$<HMAC-SHA-256(salt, secret) b64url>`; two are valid while rotating."),
  sourceAddresses: z.array(cidr).max(50).default([]).describe("Where it may ask from; empty: anywhere."),
  addressSpaceIds: z.array(id).min(1),
  profile: z.enum(["json-superset"]).default("json-superset"),
  ipv6: z.boolean().default(false),
  tokenTtlSeconds: z.number().int().min(300).max(86_400).default(28_800),
  domains: z.array(z.string().max(64)).max(25).default([]),
  includeIp: z.array(cidr).max(200).default([]),
  excludeIp: z.array(cidr).max(200).default([]),
});
export type EnforcementPointConfig = z.infer<typeof enforcementPointConfig>;

export const siteConfig = z.strictObject({
  version: z.number().int().min(0).default(0),
  site: z
    .strictObject({ tenantId: z.string(), tenantName: z.string(), siteId: z.string(), siteName: z.string() })
    .optional(),
  addressSpaces: z.array(z.strictObject({ id, name: z.string().max(100) })).min(1),
  settings: z
    .strictObject({
      deviceLifetimeMinutes: z.number().int().min(1).max(1440).default(1440),
      arbitration: z.enum(["law", "last-writer"]).default("law"),
      dropUsersWithoutIncludedGroup: z.boolean().default(false),
      tombstoneHours: z.number().int().min(24).max(168).default(24),
    })
    .prefault({}),
  directories: z.array(directoryConfig).max(100).default([]),
  syslogSources: z.array(syslogSourceConfig).max(200).default([]),
  filters: z.array(filterConfig).max(1000).default([]),
  enforcementPoints: z.array(enforcementPointConfig).max(1200).default([]),
  firewallListener: z
    .strictObject({
      /** DNS names and addresses that firewalls use to reach this agent: they go into its certificate. */
      names: z.array(z.string().max(253)).max(20).default([]),
    })
    .prefault({}),
});
export type SiteConfig = z.infer<typeof siteConfig>;
