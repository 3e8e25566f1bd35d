/**
 * Who may do what, as data: procedures name a permission, roles list theirs, and `permissions.test.ts` prints both
 * as one table. Nothing is allowed that is not written here.
 */
export const PERMISSIONS = {
  "customer:list": "see the customers one has a grant for",
  "customer:create": "add a customer to the practice",
  "customer:read": "see a customer's health, set-up and sites",
  "settings:write": "change what holds for a whole customer: corroboration, detection, the listener's TLS",
  "site:write": "add sites",
  "agent:read": "see agents, their health and their configuration state",
  "agent:enrol": "make and revoke onboarding files",
  "agent:manage": "set an agent's firewall names, revoke an agent",
  "source:read": "see directories, logins, event logs, syslog sources and their rules, the probe",
  "source:write":
    "add, change and remove directories, logins and sources; let a paused login be tried once more",
  "source:test": "run the test of a directory or source",
  "source:lines": "see raw log lines",
  "filter:read": "see filters and marks of shared hosts",
  "filter:write": "add, change and remove filters and marks, decide on suggestions",
  "point:read": "see enforcement points and their Junos lines without the secret",
  "point:write": "add, change and remove enforcement points and profiles, let them learn",
  "point:secret": "make and revoke client secrets, set where and with which password a firewall is posted to",
  "session:read": "see who is at which address",
  "audit:read": "read the audit log",
  "audit:export": "export the audit log",
  "job:read": "see long-running work and fetch its result",
} as const;
export type Permission = keyof typeof PERMISSIONS;

export const ROLES = [
  "owner",
  "engineer",
  "helpdesk",
  "installer",
  "auditor",
  "billing",
  "customer-owner",
  "customer-admin",
  "customer-viewer",
] as const;
export type Role = (typeof ROLES)[number];

const EVERYTHING = Object.keys(PERMISSIONS).filter(isPermission);
const OF_ONE_CUSTOMER = EVERYTHING.filter((permission) => permission !== "customer:create");

export const ROLE_PERMISSIONS: Readonly<Record<Role, readonly Permission[]>> = {
  owner: EVERYTHING,
  engineer: EVERYTHING,
  helpdesk: [
    "customer:list",
    "customer:read",
    "agent:read",
    "source:read",
    "source:test",
    "filter:read",
    "point:read",
    "session:read",
    "job:read",
  ],
  installer: ["customer:list", "customer:read", "agent:read", "agent:enrol", "source:test", "point:read"],
  auditor: [
    "customer:list",
    "customer:read",
    "agent:read",
    "source:read",
    "filter:read",
    "point:read",
    "session:read",
    "audit:read",
    "audit:export",
    "job:read",
  ],
  billing: ["customer:list"],
  "customer-owner": OF_ONE_CUSTOMER,
  "customer-admin": OF_ONE_CUSTOMER,
  "customer-viewer": [
    "customer:list",
    "customer:read",
    "agent:read",
    "source:read",
    "filter:read",
    "point:read",
    "session:read",
    "audit:read",
    "job:read",
  ],
};

/** Roles of the managed service provider's own people; the others belong to one customer. */
export const PRACTICE_ROLES: readonly Role[] = [
  "owner",
  "engineer",
  "helpdesk",
  "installer",
  "auditor",
  "billing",
];

export function isPermission(text: string): text is Permission {
  return Object.hasOwn(PERMISSIONS, text);
}

export function isRole(text: string): text is Role {
  return ROLES.some((role) => role === text);
}

/** The union of what the roles grant. An unknown role grants nothing. */
export function permissionsOf(roles: readonly string[]): ReadonlySet<Permission> {
  return new Set(roles.filter(isRole).flatMap((role) => ROLE_PERMISSIONS[role]));
}
