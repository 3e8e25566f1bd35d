import { z } from "zod";
import { cidr, id, secretRef } from "./config-fields.ts";
import { addressMark, hostMark } from "./marks-config.ts";
import { credentialConfig, eventSourceConfig, pcProbeConfig, wefReceiverConfig } from "./windows-config.ts";

/**
 * What an agent does at a site. One schema for the portal, the gateway, the wire and the local YAML file
 * (`rollcall-agent run --config FILE`). Unknown keys are errors on every level.
 */

export const directoryConfig = z.strictObject({
  id,
  name: z.string().min(1).max(100).describe("What people call it."),
  host: z
    .string()
    .min(1)
    .max(253)
    .describe(
      "DNS name or address of a domain controller, or the DNS name of a domain: its controllers are then found by DNS (`_ldap._tcp.dc._msdcs.<domain>`).",
    ),
  servers: z
    .array(z.string().min(1).max(253))
    .max(20)
    .default([])
    .describe(
      "Further controllers of the same domain, asked in this order when the first cannot be reached.",
    ),
  port: z
    .number()
    .int()
    .min(1)
    .max(65535)
    .default(636)
    .describe(
      "636 for LDAPS, 389 for StartTLS; 3269 (LDAPS) or 3268 ask the global catalogue: every domain of the forest at once, where only universal groups show their members.",
    ),
  tls: z
    .enum(["ldaps", "starttls", "none"])
    .default("ldaps")
    .describe("How the connection is encrypted; `none` sends the password in clear."),
  caPem: z
    .string()
    .max(32_768)
    .optional()
    .describe("PEM of the CA that signed the server's certificate; the system's store where absent."),
  dangerouslyTrustAnyCertificate: z
    .boolean()
    .default(false)
    .describe("Does not check the server's certificate. An agent accepts this from its own file only."),
  bind: z
    .enum(["simple", "kerberos"])
    .default("simple")
    .describe(
      "How it logs on: with the password itself, or with a Kerberos ticket, so that the controller never sees the password; both inside of TLS.",
    ),
  credentialId: z
    .string()
    .min(1)
    .max(64)
    .optional()
    .describe("The login to read with, one of `credentials`; instead of `bindUser` and `bindPassword`."),
  bindUser: z
    .string()
    .min(1)
    .max(256)
    .optional()
    .describe("UPN, DOMAIN\\user or DN of the reading account, where no credential is named."),
  bindPassword: secretRef
    .optional()
    .describe("The reading account's password; in a local file the path of a file that holds it."),
  baseDn: z.string().max(1024).optional().describe("Default naming context of the server where absent."),
  domain: z
    .string()
    .max(255)
    .optional()
    .describe("DNS name of the domain; derived from the base DN where absent."),
  netbiosDomain: z.string().max(15).optional().describe("Read from the directory where absent."),
  pollSeconds: z
    .number()
    .int()
    .min(5)
    .max(3600)
    .default(30)
    .describe("Seconds between two reads of what changed."),
  pageSize: z.number().int().min(50).max(1000).default(500).describe("Objects asked for at once."),
  maxQueriesPerSecond: z
    .number()
    .int()
    .min(1)
    .max(1000)
    .default(50)
    .describe("The most queries a second, those at logons among them; more wait."),
});
export type DirectoryConfig = z.infer<typeof directoryConfig>;

/** What a captured value becomes. `ignore` documents a group without using it. */
export const syslogAttribute = z.enum(["user", "domain", "ip", "device", "correlator", "groups", "ignore"]);
export type SyslogAttribute = z.infer<typeof syslogAttribute>;

export const syslogPattern = z.strictObject({
  attribute: syslogAttribute.describe(
    "What the captured value becomes; `ignore` documents a group without using it.",
  ),
  pattern: z
    .string()
    .min(1)
    .max(1000)
    .describe(
      "RE2 syntax; the value is group `value` if there is one, else the first group, else the whole match.",
    ),
  returnCount: z
    .number()
    .int()
    .min(1)
    .max(20)
    .default(1)
    .describe("Which match counts: 1 is the first (JIMS: Return Count)."),
  normalise: z
    .enum(["none", "upn", "domain-user", "dn"])
    .default("none")
    .describe("Split UPN or DOMAIN\\user into user and domain; take a DN's first RDN value."),
  optional: z.boolean().default(false).describe("A line counts also without this value."),
});

export const syslogSequence = z.strictObject({
  id,
  ordinal: z.number().int().min(1).describe("Numbered from 1; tried in this order."),
  description: z.string().max(200).default("").describe("For people."),
  kind: z.enum(["begin", "end"]).describe("Whether the line begins or ends a session."),
  trigger: z.string().min(1).max(1000).describe("RE2 expression that says: this line is meant."),
  patterns: z.array(syslogPattern).min(1).max(20).describe("What is taken from the line."),
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
  positiveSamples: z.array(z.string().max(4096)).max(50).default([]).describe("Lines it must take."),
  negativeSamples: z.array(z.string().max(4096)).max(50).default([]).describe("Lines it must leave."),
});
export type SyslogSequence = z.infer<typeof syslogSequence>;

export const syslogSourceConfig = z.strictObject({
  id,
  name: z.string().min(1).max(100).describe("What people call it; firewalls are shown it as the source."),
  senders: z.array(cidr).min(1).max(50).describe("Who may send: addresses or prefixes."),
  transport: z.enum(["any", "udp", "tcp"]).default("any").describe("How it may send."),
  addressSpaceId: z.string().min(1).max(64).describe("The address space its addresses are of."),
  speaksFor: z
    .array(cidr)
    .max(200)
    .default([])
    .describe(
      "Addresses this source may open sessions for with full weight; outside them its lines only refresh.",
    ),
  defaultDomain: z.string().max(255).optional().describe("The domain of users that are written without one."),
  timeZone: z
    .string()
    .max(64)
    .optional()
    .describe("IANA zone of time stamps that carry none; receive time is used where absent."),
  lifetimeMinutes: z
    .number()
    .int()
    .min(1)
    .max(1440)
    .default(480)
    .describe("How long a session lasts after it was last seen."),
  maxLinesPerSecond: z
    .number()
    .int()
    .min(1)
    .max(1_000_000)
    .default(20_000)
    .describe("More are dropped (UDP) or wait (TCP), and counted."),
  sequences: z
    .array(syslogSequence)
    .max(100)
    .default([])
    .describe("How its lines are read; the first that fits counts."),
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
  z.strictObject({
    id,
    kind: z.literal("dn-exclude"),
    pattern: z
      .string()
      .min(1)
      .max(1000)
      .describe("RE2, matched without case against the distinguished name."),
  }),
  z.strictObject({
    id,
    kind: z.literal("group-include"),
    pattern: z
      .string()
      .min(1)
      .max(1000)
      .describe(
        "RE2, matched without case against the group's name. Entries then list matching groups only.",
      ),
    domain: z
      .string()
      .max(255)
      .optional()
      .describe("DNS or NetBIOS name of the groups' domain; any where absent."),
  }),
]);
export type FilterConfig = z.infer<typeof filterConfig>;

/** A firewall's Web API (`system services webapi`), to which entries are posted. */
export const pushTarget = z.strictObject({
  url: z.url().max(500).describe("Scheme, host and port of its Web API, e.g. `https://192.0.2.1:8443`."),
  user: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,64}$/)
    .describe("The Web API's user."),
  password: secretRef.describe("The Web API user's password."),
  caPem: z
    .string()
    .max(32_768)
    .optional()
    .describe(
      "PEM of the CA or the certificate itself that the Web API shows; the system's store where absent.",
    ),
  dangerouslyTrustAnyCertificate: z
    .boolean()
    .default(false)
    .describe("Does not check the Web API's certificate. An agent accepts this from its own file only."),
  maxPostsPerSecond: z.number().int().min(1).max(100).default(10).describe("More wait."),
  turn: z
    .number()
    .int()
    .min(0)
    .default(0)
    .describe(
      "Set by the portal: goes up whenever another agent of the site is chosen to post. Not for a local file.",
    ),
});
export type PushTarget = z.infer<typeof pushTarget>;

/** A profile that was written for a firewall whose answers are known: data, read by `@rollcall/srx-protocol`. */
export const customProfile = z.strictObject({
  id,
  name: z.string().min(1).max(100).describe("What people call it."),
  document: z
    .record(z.string(), z.unknown())
    .describe("The profile: see docs/reference/srx-profile.md for its fields."),
});
export type CustomProfile = z.infer<typeof customProfile>;

/** One firewall (or a subnet of firewalls) that may ask this agent. Only verifiers of its secrets come here. */
export const enforcementPointConfig = z.strictObject({
  id,
  name: z.string().min(1).max(100).describe("What people call it."),
  clientId: z
    .string()
    .regex(/^[A-Za-z0-9._-]{3,64}$/)
    .describe("The client id that is set on the firewall."),
  verifiers: z
    .array(z.string().max(300))
    .max(4)
    .describe(
      "`s1$<salt b64url>$<HMAC-SHA-256(salt, secret) b64url>`, or `$argon2id$…` of a secret somebody chose; two are valid while rotating.",
    ),
  sourceAddresses: z.array(cidr).max(50).default([]).describe("Where it may ask from; empty: anywhere."),
  addressSpaceIds: z.array(z.string().min(1).max(64)).min(1).describe("The address spaces it is told of."),
  profile: z
    .string()
    .min(1)
    .max(64)
    .default("json-superset")
    .describe(
      "How its answers are written: `json-superset`, `userfw-xml`, `insight-v1`, or the id of one of `profiles`.",
    ),
  learn: z
    .boolean()
    .default(false)
    .describe("Try the next profile while the firewall shows that it did not understand the last."),
  learnUntil: z
    .number()
    .int()
    .positive()
    .optional()
    .describe("Epoch ms at which learning ends by itself; until `learn` is switched off where absent."),
  ipv6: z.boolean().default(false).describe("Whether it is told of IPv6 addresses."),
  tokenTtlSeconds: z.number().int().min(300).max(86_400).default(28_800).describe("How long a token lasts."),
  domains: z
    .array(z.string().max(64))
    .max(25)
    .default([])
    .describe("Only users of these domains; empty: all."),
  includeIp: z.array(cidr).max(200).default([]).describe("Only these addresses; empty: all."),
  excludeIp: z.array(cidr).max(200).default([]).describe("Not these addresses."),
  mayReport: z
    .array(cidr)
    .max(200)
    .default([])
    .describe(
      "Addresses for which it may report logons of its own (captive portal, Secure Connect); empty: none.",
    ),
  whenSourcesDark: z
    .enum(["hold", "shorten", "drop"])
    .default("shorten")
    .describe(
      "What becomes of the people a source named once that source cannot be heard: kept until they expire, kept for `darkMinutes`, or unknown at once.",
    ),
  darkMinutes: z
    .number()
    .int()
    .min(1)
    .max(1440)
    .default(30)
    .describe("With `shorten`: how long people are still named after their source was lost."),
  reannounceMinutes: z
    .number()
    .int()
    .min(0)
    .max(1440)
    .default(0)
    .describe("Tell it every entry again after so long, for firewalls that let entries age out; 0: never."),
  push: pushTarget
    .optional()
    .describe("Where present, the agent sends changes to the firewall's Web API instead of being asked."),
});
export type EnforcementPointConfig = z.infer<typeof enforcementPointConfig>;

/**
 * For so many days from the first agent of a site on, service accounts are suggested only, where nobody chose another
 * number. Source: semantics 4 ("automatic").
 */
export const LEARN_DAYS = 7;

/** As many of each as one agent takes: whoever writes configurations refuses more, for else the whole one is refused. */
export const SITE_LIMITS = {
  directories: 100,
  credentials: 200,
  eventSources: 100,
  syslogSources: 200,
  filters: 1000,
  enforcementPoints: 1200,
  profiles: 50,
  addressMarks: 1000,
  hostMarks: 100,
} as const;

export const siteConfig = z.strictObject({
  version: z
    .number()
    .int()
    .min(0)
    .default(0)
    .describe("The portal's number of this configuration; 0 in a local file."),
  site: z
    .strictObject({ tenantId: z.string(), tenantName: z.string(), siteId: z.string(), siteName: z.string() })
    .optional()
    .describe("Set by the portal."),
  addressSpaces: z
    .array(z.strictObject({ id, name: z.string().max(100).describe("What people call it.") }))
    .min(1)
    .describe("Routing domains in which an address means one host. Most sites have one."),
  settings: z
    .strictObject({
      deviceLifetimeMinutes: z
        .number()
        .int()
        .min(1)
        .max(1440)
        .default(1440)
        .describe("How long a device's session lasts after it was last seen."),
      arbitration: z
        .enum(["law", "last-writer"])
        .default("law")
        .describe("Who owns an address: by the session law, or whoever was named last (for comparison)."),
      dropUsersWithoutIncludedGroup: z
        .boolean()
        .default(false)
        .describe("With a group filter: whoever is in none of the included groups is not told to firewalls."),
      tombstoneHours: z
        .number()
        .int()
        .min(24)
        .max(168)
        .default(24)
        .describe("How long the end of a session is kept to be told."),
      corroboration: z
        .enum(["off", "detect", "on"])
        .default("detect")
        .describe(
          "Whether a Kerberos ticket request counts as a logon only when the same person also reads a domain controller from there within 2 minutes: no, shown but not obeyed, or yes.",
        ),
      infrastructure: z
        .array(cidr)
        .max(500)
        .default([])
        .describe(
          "Addresses of domain controllers, Exchange servers, proxies and firewalls: no logon is ever placed there.",
        ),
      eventRulesOff: z
        .array(z.string().min(1).max(64))
        .max(100)
        .default([])
        .describe(
          "Ids of event rules that no event log and no event forwarding obeys, whatever it says itself.",
        ),
      detection: z
        .strictObject({
          mode: z
            .enum(["off", "detect", "on"])
            .default("detect")
            .describe("Look for service accounts, shared hosts and NAT: no, suggest only, or also act."),
          suggestServiceAccountAt: z
            .number()
            .int()
            .min(3)
            .max(1000)
            .default(10)
            .describe("Addresses in an hour from which an account is suggested as a service account."),
          suppressServiceAccountAt: z
            .number()
            .int()
            .min(5)
            .max(10_000)
            .default(25)
            .describe("Addresses in an hour from which it names nobody any more (mode `on`)."),
          multiUserAt: z
            .number()
            .int()
            .min(2)
            .max(100)
            .default(3)
            .describe("People at one address in 15 minutes from which it is taken for a shared host."),
          natAt: z
            .number()
            .int()
            .min(2)
            .max(100)
            .default(5)
            .describe(
              "Devices at one address in 15 minutes from which it is taken for a translated network.",
            ),
          remoteDesktopAt: z
            .number()
            .int()
            .min(2)
            .max(100)
            .default(2)
            .describe(
              "People connected to one host by remote desktop at the same time from which it is taken for a shared host.",
            ),
          suggestAccountsUntil: z
            .number()
            .int()
            .positive()
            .optional()
            .describe(
              "Epoch ms until which service accounts are suggested only, also in mode `on`; the portal sets it for the first days of a site.",
            ),
          exemptGroups: z
            .array(z.string().min(1).max(256))
            .max(100)
            .default([])
            .describe(
              "Groups (`name` or `domain\\name`) whose members are never taken for service accounts: people who work at many computers.",
            ),
          exempt: z
            .array(z.string().min(1).max(256))
            .max(2000)
            .default([])
            .describe(
              "Accounts (`name` or `domain\\name`) that are never taken for service accounts, and addresses (`addressSpaceId|address`) for shared ones.",
            ),
        })
        .prefault({})
        .describe("How shared hosts, NAT and service accounts are found by what they do."),
    })
    .prefault({})
    .describe("What holds for the whole site."),
  directories: z
    .array(directoryConfig)
    .max(SITE_LIMITS.directories)
    .default([])
    .describe("Active Directories that people and groups are read from."),
  credentials: z
    .array(credentialConfig)
    .max(SITE_LIMITS.credentials)
    .default([])
    .describe("Logins at Windows servers, for directories, event logs and the probe."),
  eventSources: z
    .array(eventSourceConfig)
    .max(SITE_LIMITS.eventSources)
    .default([])
    .describe("Windows event logs that speak of logons."),
  wefReceiver: wefReceiverConfig
    .nullable()
    .default(null)
    .describe("Where Windows computers forward their events to; off where null."),
  pcProbe: pcProbeConfig
    .nullable()
    .default(null)
    .describe("Asks Windows computers who sits at them; off where null."),
  syslogSources: z
    .array(syslogSourceConfig)
    .max(SITE_LIMITS.syslogSources)
    .default([])
    .describe("Senders of syslog that speak of logons."),
  filters: z
    .array(filterConfig)
    .max(SITE_LIMITS.filters)
    .default([])
    .describe("What never becomes a session, and which groups entries list."),
  enforcementPoints: z
    .array(enforcementPointConfig)
    .max(SITE_LIMITS.enforcementPoints)
    .default([])
    .describe("Firewalls that may ask this agent."),
  profiles: z
    .array(customProfile)
    .max(SITE_LIMITS.profiles)
    .default([])
    .describe("Profiles of this customer beside the built-in ones."),
  addressMarks: z
    .array(addressMark)
    .max(SITE_LIMITS.addressMarks)
    .default([])
    .describe("Addresses with more than one person behind them."),
  hostMarks: z
    .array(hostMark)
    .max(SITE_LIMITS.hostMarks)
    .default([])
    .describe(
      "Computers that are shared hosts, by their place in the directory; the first that fits counts, and a mark of the address before it.",
    ),
  firewallListener: z
    .strictObject({
      tls: z
        .enum(["modern", "compat"])
        .default("compat")
        .describe(
          "`compat` also takes TLS 1.2 with RSA key exchange, which older Junos needs; `modern` does not.",
        ),
      names: z
        .array(z.string().max(253))
        .max(20)
        .default([])
        .describe(
          "DNS names and addresses that firewalls use to reach this agent: they go into its certificate.",
        ),
      legacy: z
        .strictObject({
          until: z
            .number()
            .int()
            .positive()
            .describe("Epoch ms at which it switches itself off; at most 90 days ahead."),
          sources: z
            .array(cidr)
            .min(1)
            .max(50)
            .describe("The firewalls that may connect; everybody else is closed before a handshake."),
          port: z
            .number()
            .int()
            .min(1)
            .max(65_535)
            .default(8446)
            .describe(
              "Its port, at the address of the firewall listener unless --legacy-listen says otherwise.",
            ),
        })
        .nullable()
        .default(null)
        .describe(
          "A listener of its own for firewalls that speak nothing newer than TLS 1.0 or 1.1; off where null. Whoever can listen on the way can read along.",
        ),
    })
    .prefault({})
    .describe("The listener that firewalls ask."),
});
export type SiteConfig = z.infer<typeof siteConfig>;
