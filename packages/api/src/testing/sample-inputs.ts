import { randomUUID } from "node:crypto";
import { jsonSuperset } from "@rollcall/srx-protocol";

/** A customer and things of it, as the inputs below name them. */
export interface SampleThings {
  readonly customer: string;
  readonly siteId: string;
  readonly spaceId: string;
  readonly agentId: string;
  readonly enrolmentId: string;
  readonly directoryId: string;
  readonly credentialId: string;
  readonly unusedCredentialId: string;
  readonly eventSourceId: string;
  readonly syslogId: string;
  readonly syslogVersion: string;
  readonly filterId: string;
  readonly pointId: string;
  readonly secretId: string;
  readonly profileId: string;
  readonly markId: string;
  readonly hostMarkId: string;
  readonly suggestionId: string;
  readonly commandId: string;
  readonly jobId: string;
}

/** Ids that nobody has. */
export function thingsOfNobody(customer: string): SampleThings {
  return {
    customer,
    siteId: randomUUID(),
    spaceId: randomUUID(),
    agentId: randomUUID(),
    enrolmentId: "0123456789ABCDEF",
    directoryId: randomUUID(),
    credentialId: randomUUID(),
    unusedCredentialId: randomUUID(),
    eventSourceId: randomUUID(),
    syslogId: randomUUID(),
    syslogVersion: new Date(0).toISOString(),
    filterId: randomUUID(),
    pointId: randomUUID(),
    secretId: randomUUID(),
    profileId: randomUUID(),
    markId: randomUUID(),
    hostMarkId: randomUUID(),
    suggestionId: randomUUID(),
    commandId: randomUUID(),
    jobId: randomUUID(),
  };
}

const pattern = { attribute: "user", pattern: "user=(\\S+)" } as const;
const ipPattern = { attribute: "ip", pattern: "ip=(\\S+)" } as const;
export const A_SEQUENCE = {
  kind: "begin",
  trigger: "login",
  patterns: [pattern, ipPattern],
  positiveSamples: ["login user=ana ip=10.20.0.5"],
} as const;

/** A CA of nobody: its key was thrown away when it was made. */
export const A_CA_PEM = `-----BEGIN CERTIFICATE-----
MIIBzjCCAXOgAwIBAgIUKs3ojgffaLr6NKVtBwmLtPQc7iQwCgYIKoZIzj0EAwIw
OzEVMBMGA1UECgwMQ29ycCBFeGFtcGxlMSIwIAYDVQQDDBlDb3JwIEV4YW1wbGUg
Q29tcHV0ZXJzIENBMCAXDTI2MTEyNTA3NTgxN1oYDzIxMjYxMTAxMDc1ODE3WjA7
MRUwEwYDVQQKDAxDb3JwIEV4YW1wbGUxIjAgBgNVBAMMGUNvcnAgRXhhbXBsZSBD
b21wdXRlcnMgQ0EwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATTDlaCtVMUYre2
Xh+AdOLj5Kok41JjCtlohVlVpy8MmHcagQ42tFJZnWYToyawDkUKJMBz5Bl797Ms
enae2XlTo1MwUTAdBgNVHQ4EFgQU04v/uh1nq8z2+w0bIsgIF/dUuDMwHwYDVR0j
BBgwFoAU04v/uh1nq8z2+w0bIsgIF/dUuDMwDwYDVR0TAQH/BAUwAwEB/zAKBggq
hkjOPQQDAgNJADBGAiEAyV/5iTYrVaeZsd0C86mPNYOBsqsYumxORWFiWpCkHLwC
IQCRY+0PsFJXbRcCQUITa8n8NzJE3j6lYgWyXDqpEGzKOw==
-----END CERTIFICATE-----`;

export const A_PROFILE = JSON.stringify(jsonSuperset.document);

/**
 * One well-formed input for every procedure, made of the things named. A procedure that is added without one fails the
 * access test. `null`: it takes none.
 */
export const SAMPLE_INPUTS: Readonly<Record<string, (things: SampleThings) => unknown>> = {
  "me.get": () => undefined,
  "me.signIns": () => undefined,
  "me.endSignIn": () => ({ id: randomUUID() }),
  "customers.list": () => ({}),
  "customers.add": () => ({ name: `Customer ${randomUUID()}` }),
  "customers.overview": ({ customer }) => ({ customer }),
  "setup.get": ({ customer }) => ({ customer }),
  "sites.list": ({ customer }) => ({ customer }),
  "sites.add": ({ customer }) => ({ customer, name: `Site ${randomUUID()}` }),
  "agents.list": ({ customer }) => ({ customer }),
  "agents.get": ({ customer, agentId }) => ({ customer, id: agentId }),
  "agents.issueOnboarding": ({ customer, siteId }) => ({ customer, siteId }),
  "agents.enrolments": ({ customer }) => ({ customer }),
  "agents.revokeEnrolment": ({ customer, enrolmentId }) => ({ customer, enrolmentId }),
  "agents.setFirewallNames": ({ customer, agentId }) => ({ customer, id: agentId, names: ["agent.example"] }),
  "agents.revoke": ({ customer, agentId }) => ({ customer, id: agentId }),
  "commands.start": ({ customer, agentId, syslogId }) => ({
    customer,
    agentId,
    command: { kind: "test-source", sourceKind: "syslog", sourceId: syslogId },
  }),
  "commands.get": ({ customer, commandId }) => ({ customer, id: commandId }),
  "directories.list": ({ customer }) => ({ customer }),
  "directories.add": ({ customer, siteId }) => ({
    customer,
    siteId,
    name: `Directory ${randomUUID()}`,
    host: "dc.example",
    bindUser: "reader@example",
    password: "a password",
  }),
  "directories.update": ({ customer, directoryId }) => ({
    customer,
    id: directoryId,
    changes: { pollSeconds: 31 },
  }),
  "directories.remove": ({ customer, directoryId }) => ({ customer, id: directoryId }),
  "credentials.list": ({ customer }) => ({ customer }),
  "credentials.add": ({ customer }) => ({
    customer,
    name: `Reader ${randomUUID()}`,
    user: "reader@corp.example",
    password: "a password",
  }),
  "credentials.update": ({ customer, credentialId }) => ({
    customer,
    id: credentialId,
    changes: { name: `Reader ${randomUUID()}` },
  }),
  "credentials.remove": ({ customer, unusedCredentialId }) => ({ customer, id: unusedCredentialId }),
  "eventSources.list": ({ customer }) => ({ customer }),
  "eventSources.add": ({ customer, siteId, credentialId }) => ({
    customer,
    siteId,
    credentialId,
    kind: "domain-controller",
    name: `Log ${randomUUID()}`,
    host: "dc1.corp.example",
  }),
  "eventSources.update": ({ customer, eventSourceId }) => ({
    customer,
    id: eventSourceId,
    changes: { catchUpMinutes: 30 },
  }),
  "eventSources.remove": ({ customer, eventSourceId }) => ({ customer, id: eventSourceId }),
  "forwarding.list": ({ customer }) => ({ customer }),
  "forwarding.set": ({ customer, siteId }) => ({
    customer,
    siteId,
    host: "agent.corp.example",
    clientCaPem: A_CA_PEM,
  }),
  "forwarding.remove": ({ customer, siteId }) => ({ customer, siteId }),
  "probes.list": ({ customer }) => ({ customer }),
  "probes.set": ({ customer, siteId, credentialId }) => ({
    customer,
    siteId,
    enabled: true,
    include: ["10.30.0.0/16"],
    credentialIds: [credentialId],
  }),
  "handover.get": ({ customer, siteId }) => ({ customer, siteId }),
  "probes.remove": ({ customer, siteId }) => ({ customer, siteId }),
  "syslog.list": ({ customer }) => ({ customer }),
  "syslog.get": ({ customer, syslogId }) => ({ customer, id: syslogId }),
  "syslog.add": ({ customer, siteId, spaceId }) => ({
    customer,
    siteId,
    addressSpaceId: spaceId,
    name: `Source ${randomUUID()}`,
    senders: ["10.20.0.9"],
  }),
  "syslog.update": ({ customer, syslogId }) => ({ customer, id: syslogId, changes: { lifetimeMinutes: 30 } }),
  "syslog.remove": ({ customer, syslogId }) => ({ customer, id: syslogId }),
  "syslog.saveSequences": ({ customer, syslogId, syslogVersion }) => ({
    customer,
    id: syslogId,
    version: syslogVersion,
    sequences: [A_SEQUENCE],
  }),
  "syslog.tryRules": ({ customer }) => ({
    customer,
    sequences: [A_SEQUENCE],
    lines: ["login user=ana ip=10.20.0.5"],
  }),
  "syslog.unknownSenders": ({ customer }) => ({ customer }),
  "syslog.baseConfigurations": ({ customer }) => ({ customer }),
  "filters.list": ({ customer }) => ({ customer }),
  "filters.add": ({ customer }) => ({ customer, kind: "ip-exclude", value: "10.20.255.0/24" }),
  "filters.update": ({ customer, filterId }) => ({ customer, id: filterId, changes: { note: "printers" } }),
  "filters.remove": ({ customer, filterId }) => ({ customer, id: filterId }),
  "points.list": ({ customer }) => ({ customer }),
  "points.get": ({ customer, pointId }) => ({ customer, id: pointId }),
  "points.add": ({ customer, siteId, spaceId }) => ({
    customer,
    siteId,
    addressSpaceIds: [spaceId],
    name: `Firewall ${randomUUID()}`,
  }),
  "points.update": ({ customer, pointId, profileId }) => ({
    customer,
    id: pointId,
    changes: { ipv6: true, profile: profileId },
  }),
  "points.learn": ({ customer, pointId }) => ({ customer, id: pointId, hours: 1 }),
  "points.setPush": ({ customer, pointId }) => ({
    customer,
    id: pointId,
    push: { url: "https://192.0.2.1:8443", user: "rollcall", password: "a password", from: "cloud" },
  }),
  "points.resyncPush": ({ customer, pointId }) => ({ customer, id: pointId }),
  "points.remove": ({ customer, pointId }) => ({ customer, id: pointId }),
  "points.rotateSecret": ({ customer, pointId }) => ({ customer, id: pointId }),
  "points.revokeSecret": ({ customer, pointId, secretId }) => ({ customer, id: pointId, secretId }),
  "points.junos": ({ customer, pointId }) => ({ customer, id: pointId }),
  "points.junosCopied": ({ customer, pointId }) => ({ customer, id: pointId, lines: 9, withSecret: false }),
  "profiles.list": ({ customer }) => ({ customer }),
  "profiles.get": ({ customer, profileId }) => ({ customer, id: profileId }),
  "profiles.preview": ({ customer }) => ({ customer, text: A_PROFILE }),
  "profiles.add": ({ customer }) => ({ customer, name: `Profile ${randomUUID()}`, text: A_PROFILE }),
  "profiles.update": ({ customer, profileId }) => ({ customer, id: profileId, changes: { note: "mine" } }),
  "profiles.remove": ({ customer, profileId }) => ({ customer, id: profileId }),
  "marks.list": ({ customer }) => ({ customer }),
  "marks.add": ({ customer, spaceId }) => ({
    customer,
    addressSpaceId: spaceId,
    range: "10.20.9.0/24",
    mark: "multi-user",
  }),
  "marks.update": ({ customer, markId }) => ({ customer, id: markId, changes: { note: "terminal servers" } }),
  "marks.remove": ({ customer, markId }) => ({ customer, id: markId }),
  "hostMarks.list": ({ customer }) => ({ customer }),
  "hostMarks.add": ({ customer }) => ({ customer, under: `OU=${randomUUID()},DC=corp,DC=example` }),
  "hostMarks.update": ({ customer, hostMarkId }) => ({ customer, id: hostMarkId, changes: { note: "farm" } }),
  "hostMarks.remove": ({ customer, hostMarkId }) => ({ customer, id: hostMarkId }),
  "suggestions.list": ({ customer }) => ({ customer }),
  "suggestions.approve": ({ customer, suggestionId }) => ({ customer, id: suggestionId }),
  "suggestions.dismiss": ({ customer, suggestionId }) => ({ customer, id: suggestionId }),
  "suggestions.undo": ({ customer, suggestionId }) => ({ customer, id: suggestionId }),
  "settings.get": ({ customer }) => ({ customer }),
  "settings.corroborationPreview": ({ customer }) => ({ customer }),
  "settings.update": ({ customer }) => ({ customer, changes: { corroboration: "on" } }),
  "sessions.explain": ({ customer, spaceId }) => ({ customer, ip: "10.20.0.5", addressSpaceId: spaceId }),
  "sessions.overlaps": ({ customer }) => ({ customer }),
  "sessions.search": ({ customer }) => ({ customer, q: "ana" }),
  "sessions.get": ({ customer, spaceId }) => ({ customer, ip: "10.20.0.5", addressSpaceId: spaceId }),
  "sessions.fleetSearch": () => ({ q: "ana" }),
  "audit.list": ({ customer }) => ({ customer }),
  "audit.export": ({ customer }) => ({ customer }),
  "jobs.list": ({ customer }) => ({ customer }),
  "jobs.get": ({ customer, jobId }) => ({ customer, id: jobId }),
  "live.changes": ({ customer }) => ({ customer }),
};
