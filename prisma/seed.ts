import { randomUUID } from "node:crypto";
import { type ApiServices, createCaller, type Principal } from "@rollcall/api";
import { hashPassword } from "@rollcall/auth/password";
import { baseConfigurations } from "@rollcall/syslog-rules";

/**
 * What an installation begins with: a practice, an owner, and, for the demonstration, three customers as a story.
 * Everything goes through the same use cases as the portal's buttons, so every row has its audit entry.
 * Calling it again changes nothing that is there.
 */
export interface SeedOptions {
  readonly services: ApiServices;
  readonly admin: { readonly email: string; readonly password: string };
  readonly demonstration: boolean;
  /** What an earlier seed returned: a firewall's secret cannot be read back. */
  readonly remembered?: {
    readonly clientId?: string | undefined;
    readonly clientSecret?: string | undefined;
  };
}

export interface Seeded {
  readonly demonstration: SeededDemonstration | null;
}

export interface SeededDemonstration {
  readonly customer: string;
  readonly customerName: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** The CA that firewalls of this customer trust. */
  readonly firewallCaPem: string;
  /** A fresh onboarding file for the demonstration agent. */
  issueOnboardingFile(): Promise<{ name: string; text: string }>;
  /** Names the enrolled agents are reached by, which go into their firewall-facing certificate. */
  nameAgents(names: readonly string[]): Promise<void>;
}

const PRACTICE = { slug: "northgate", name: "Northgate IT" };
const FIREWALL = "HQ-FW1";
/** Private and documentation ranges: what a demonstration's sender may speak for. */
const DEMONSTRATION_RANGES = [
  "10.0.0.0/8",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "192.0.2.0/24",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "fd00::/8",
  "2001:db8::/32",
];

export async function seed(options: SeedOptions): Promise<Seeded> {
  const { services, admin } = options;
  const { signIns } = services.database;
  const practice = (await signIns.findPractice(PRACTICE.slug)) ?? (await signIns.createPractice(PRACTICE));
  let owner = await signIns.findByEmail(admin.email);
  if (owner === null) {
    const person = await signIns.createPerson({
      practiceId: practice.id,
      email: admin.email,
      name: "Nora North",
      passwordHash: await hashPassword(admin.password),
    });
    await signIns.grant({ practiceId: practice.id, userId: person.id, role: "owner", customerId: null });
    owner = { ...person, passwordHash: null };
  }
  if (!options.demonstration) return { demonstration: null };
  const api = callAs(services, {
    userId: owner.id,
    practiceId: practice.id,
    name: owner.name,
    email: owner.email,
    timeZone: owner.timeZone,
    signInId: null,
    grants: await signIns.grantsOf(owner.id),
  });
  return { demonstration: await seedStory(api, options) };
}

function callAs(services: ApiServices, principal: Principal) {
  return createCaller(() => ({
    services,
    principal,
    requestId: randomUUID(),
    sourceIp: null,
    tenants: new Map(),
    recheck: async () => principal,
  }));
}
type Api = ReturnType<typeof callAs>;

async function seedStory(api: Api, { remembered }: SeedOptions): Promise<SeededDemonstration> {
  const { items } = await api.customers.list({});
  const known = new Set(items.map((row) => row.slug));
  const add = async (slug: string, name: string, adDomain: string, siteName: string) =>
    known.has(slug) ? null : api.customers.add({ slug, name, adDomain, siteName, timeZone: "Europe/London" });

  const customer = "meridian";
  const customerName = "Meridian Logistics";
  const added = await add(customer, customerName, "meridian.example", "Headquarters");
  if (added) {
    const source = await api.syslog.add({
      customer,
      siteId: added.siteId,
      name: "VPN concentrator",
      senders: ["127.0.0.0/8"],
      speaksFor: DEMONSTRATION_RANGES,
      lifetimeMinutes: 480,
    });
    const detail = await api.syslog.get({ customer, id: source.id });
    const sequences = [...baseConfigurations]
      .sort((a, b) => Number(b.id === "key-value") - Number(a.id === "key-value"))
      .flatMap((base) => base.sequences.map(({ id: _, ordinal: __, ...fields }) => fields));
    const saved = await api.syslog.saveSequences({
      customer,
      id: source.id,
      version: detail.version,
      sequences,
    });
    if (saved.kind === "refused")
      throw new Error(`save the demonstration's sequences: ${JSON.stringify(saved.problems)}`);
    await api.filters.add({
      customer,
      kind: "principal-exclude",
      value: "^svc-",
      note: "Service accounts are nobody's seat",
    });
  }
  const credentials = await firewallCredentials(api, customer, remembered);

  // The second customer has an onboarding file that nobody has used; the third has just been added.
  const orchard = await add("orchard", "Orchard Clinics", "orchard.example", "Main clinic");
  if (orchard) await api.agents.issueOnboarding({ customer: "orchard", siteId: orchard.siteId });
  await add("tamar", "Tamar Foods", "tamar.example", "Plant");

  const { site, ca } = await siteAndCa(api, customer, credentials.pointId);
  return {
    customer,
    customerName,
    clientId: credentials.clientId,
    clientSecret: credentials.clientSecret,
    firewallCaPem: ca,
    async issueOnboardingFile() {
      const ticket = await api.agents.issueOnboarding({ customer, siteId: site });
      return { name: ticket.fileName, text: ticket.fileText };
    },
    async nameAgents(names) {
      const agents = await api.agents.list({ customer });
      for (const agent of agents.items)
        if (agent.state === "active" && agent.firewallNames.join() !== names.join())
          await api.agents.setFirewallNames({ customer, id: agent.id, names: [...names] });
    },
  };
}

/** The firewall's client id and secret: as remembered, else of a new secret (the old one cannot be read back). */
async function firewallCredentials(
  api: Api,
  customer: string,
  remembered: SeedOptions["remembered"],
): Promise<{ pointId: string; clientId: string; clientSecret: string }> {
  const { items } = await api.points.list({ customer });
  const point = items.find((one) => one.name === FIREWALL);
  if (!point) {
    const made = await api.points.add({ customer, name: FIREWALL });
    if (made.clientSecret === null) throw new Error(`make a secret for ${FIREWALL}: none was made`);
    return { pointId: made.id, clientId: made.clientId, clientSecret: made.clientSecret };
  }
  if (remembered?.clientId === point.clientId && remembered.clientSecret)
    return { pointId: point.id, clientId: point.clientId, clientSecret: remembered.clientSecret };
  const rotated = await api.points.rotateSecret({ customer, id: point.id, overlapHours: 0 });
  if (rotated.clientSecret === null) throw new Error(`make a secret for ${FIREWALL}: none was made`);
  return { pointId: point.id, clientId: point.clientId, clientSecret: rotated.clientSecret };
}

async function siteAndCa(api: Api, customer: string, pointId: string): Promise<{ site: string; ca: string }> {
  const sites = await api.sites.list({ customer });
  const site = sites.items[0];
  if (!site) throw new Error(`find the site of ${customer}`);
  const junos = await api.points.junos({ customer, id: pointId });
  return { site: site.id, ca: junos.ca.pem };
}
