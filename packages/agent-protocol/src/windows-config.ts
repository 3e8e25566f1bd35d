import { z } from "zod";
import { cidr, id, secretRef } from "./config-fields.ts";

/** What a site's configuration says of Windows: logins, event logs that are read, events that are forwarded, computers that are asked. */

const ruleIds = z.array(z.string().min(1).max(64)).max(100).default([]);
const lastsMinutes = z
  .number()
  .int()
  .min(1)
  .max(1440)
  .default(480)
  .describe("How long a session lasts after it was last seen.");

/** One login at Windows servers that several sources may use: typed once, changed once, paused once. */
export const credentialConfig = z.strictObject({
  id,
  name: z.string().min(1).max(100).describe("What people call it."),
  user: z.string().min(1).max(256).describe("UPN (`reader@corp.example`) or `DOMAIN\\user`."),
  password: secretRef.describe("Its password; in a local file the path of a file that holds it."),
  realm: z
    .string()
    .max(255)
    .optional()
    .describe("Kerberos realm (DNS name of the domain); taken from the UPN where absent."),
  kdcs: z
    .array(z.string().min(1).max(253))
    .max(20)
    .default([])
    .describe(
      "Domain controllers to ask for tickets, in order; found by DNS (`_kerberos._tcp.<realm>`) where empty.",
    ),
  allowNtlm: z
    .boolean()
    .default(false)
    .describe(
      "Also log in with NTLM where Kerberos cannot be used. Off: the password never proves itself by NTLM.",
    ),
});
export type CredentialConfig = z.infer<typeof credentialConfig>;

/** A Windows event log that is read over the network: of a domain controller, an Exchange server or a collector. */
export const eventSourceConfig = z.strictObject({
  id,
  name: z.string().min(1).max(100).describe("What people call it."),
  kind: z
    .enum(["domain-controller", "exchange", "event-collector"])
    .describe("What the server is: it decides which events are asked for and what they mean."),
  host: z
    .string()
    .min(1)
    .max(253)
    .describe("Full DNS name of the server (Kerberos needs it), or its address (NTLM only)."),
  addressSpaceId: z.string().min(1).max(64).describe("The address space its clients' addresses are of."),
  credentialId: z.string().min(1).max(64).describe("The login to read with; a member of Event Log Readers."),
  channelPath: z
    .string()
    .min(1)
    .max(256)
    .optional()
    .describe("The log to read: `Security`, or `ForwardedEvents` on a collector, where absent."),
  query: z
    .string()
    .min(1)
    .max(20_000)
    .optional()
    .describe("Structured XML query that the server filters with; the one of its kind where absent."),
  catchUpMinutes: z
    .number()
    .int()
    .min(0)
    .max(10_080)
    .default(60)
    .describe("How far back the log is read at the first start; 0: only what comes from then on."),
  lifetimeMinutes: lastsMinutes,
  rulesOff: ruleIds.describe("Ids of event rules that this source does not obey."),
  rulesOn: ruleIds.describe("Ids of event rules that are off unless asked for, and that this source obeys."),
  shares: z
    .array(z.string().min(1).max(80))
    .max(10)
    .default([])
    .describe(
      "Names of file shares of the server whose use counts beside SYSVOL and NETLOGON (rule `event:5140`), as the server writes them.",
    ),
  endpointMapperPort: z
    .number()
    .int()
    .min(1)
    .max(65_535)
    .default(135)
    .describe("Where the server's endpoint mapper listens; another only behind a tunnel."),
  headerSigning: z
    .boolean()
    .default(true)
    .describe("Expert: sign the headers of calls too. Off only where a server refuses it."),
  enabled: z.boolean().default(true).describe("Whether it is read."),
});
export type EventSourceConfig = z.infer<typeof eventSourceConfig>;

/** The agent as a collector that Windows computers forward their events to, over HTTPS with client certificates. */
export const wefReceiverConfig = z.strictObject({
  id,
  name: z.string().min(1).max(100).default("Event forwarding").describe("What people call it."),
  addressSpaceId: z.string().min(1).max(64).describe("The address space the senders' addresses are of."),
  host: z.string().min(1).max(253).describe("Full DNS name that the computers reach this agent by."),
  port: z.number().int().min(1).max(65_535).default(5986).describe("Where it listens."),
  clientCaPem: z
    .string()
    .min(1)
    .max(65_536)
    .describe("PEM of the CAs whose certificates may forward: those of your computers."),
  allow: z
    .array(z.string().min(1).max(253))
    .max(500)
    .default([])
    .describe(
      "Names of computers that may forward, `*.corp.example` for a whole domain; empty: any with such a certificate.",
    ),
  channels: z
    .array(z.string().min(1).max(256))
    .min(1)
    .max(20)
    .default(["Security"])
    .describe("Logs that are asked for."),
  query: z
    .string()
    .min(1)
    .max(20_000)
    .optional()
    .describe("Structured XML query the computers filter with; one for workstations where absent."),
  heartbeatSeconds: z
    .number()
    .int()
    .min(60)
    .max(86_400)
    .default(900)
    .describe("How often a computer with nothing to say says so."),
  readExisting: z
    .boolean()
    .default(false)
    .describe("Whether a new computer also sends what it wrote before."),
  compress: z.boolean().default(true).describe("Ask for compressed events (SLDC)."),
  lifetimeMinutes: lastsMinutes,
  rulesOff: ruleIds.describe("Ids of event rules that it does not obey."),
  rulesOn: ruleIds.describe("Ids of event rules that are off unless asked for, and that it obeys."),
});
export type WefReceiverConfig = z.infer<typeof wefReceiverConfig>;

/**
 * Asks Windows computers who sits at them: when a firewall asks about an address nobody knows, when an event names a computer
 * and no user, and before a session expires.
 */
export const pcProbeConfig = z.strictObject({
  enabled: z.boolean().default(false).describe("Off until it is asked for."),
  addressSpaceId: z.string().min(1).max(64).describe("The address space it asks in."),
  credentialIds: z
    .array(z.string().min(1).max(64))
    .max(20)
    .default([])
    .describe(
      "Logins, tried in this order. Distributed COM Users and Remote Management Users are enough; never Domain Admins.",
    ),
  include: z.array(cidr).max(200).default([]).describe("Addresses that may be asked; nothing else is."),
  exclude: z.array(cidr).max(200).default([]).describe("Of those, addresses that may not."),
  allowPublic: z
    .boolean()
    .default(false)
    .describe("Also ask addresses that are not private (RFC 1918, ULA)."),
  methods: z
    .array(z.enum(["wmi", "winrm"]))
    .min(1)
    .max(2)
    .default(["wmi", "winrm"])
    .describe("Ways to ask, in order: WMI over DCOM, WinRM."),
  verifyAtExpiry: z
    .boolean()
    .default(true)
    .describe("Ask before a session ends by its age: who answers stays, who is gone leaves."),
  onUnknownAddress: z
    .boolean()
    .default(true)
    .describe("Ask when a firewall asks about an address nobody knows."),
  onEventWithoutUser: z
    .boolean()
    .default(true)
    .describe("Ask when an event names a computer at an address where no user is known."),
  holdIfAlive: z
    .boolean()
    .default(false)
    .describe(
      "Keep a session for up to two more periods when the computer cannot be asked but was seen since its user was.",
    ),
  workers: z.number().int().min(1).max(64).default(20).describe("Computers asked at the same time."),
  lifetimeMinutes: z
    .number()
    .int()
    .min(1)
    .max(1440)
    .default(480)
    .describe("How long a session lasts after a computer said that somebody sits there."),
});
export type PcProbeConfig = z.infer<typeof pcProbeConfig>;
