import type { Database, TenantHandle } from "@rollcall/db";
import type { Logger, ReportError } from "@rollcall/observability";
import type { InstallationKeys } from "@rollcall/pki";
import type { Bell, Queues } from "@rollcall/queue";
import type { Permission } from "./permissions.ts";
import type { RateLimiter } from "./rate-limiter.ts";

/** Where devices reach this installation: what is printed into onboarding files and Junos lines. */
export interface GatewayAddresses {
  /** https://host:port of the agents' listener. */
  readonly agentUrl: string;
  /** DNS name or address that firewalls are told. */
  readonly firewallAddress: string;
  readonly firewallPort: number;
}

/** What every call may use. Made once per process. */
export interface ApiServices {
  readonly database: Database;
  readonly bell: Bell;
  readonly queues: Queues;
  readonly keys: InstallationKeys;
  readonly gateway: GatewayAddresses;
  readonly log: Logger;
  readonly reportError: ReportError;
  readonly limiter: RateLimiter;
  /** Aborted when the process is told to stop: streams end. */
  readonly stopping: AbortSignal;
  /** Epoch ms. */
  now(): number;
}

export interface Grant {
  readonly role: string;
  /** Null: all customers of the practice. */
  readonly customerId: string | null;
}

/** Who is asking, as the sign-in resolved it for this request. */
export interface Principal {
  readonly userId: string;
  readonly practiceId: string;
  readonly name: string;
  readonly email: string;
  readonly timeZone: string;
  /** The browser's sign-in; null for a program of this installation. */
  readonly signInId: string | null;
  readonly grants: readonly Grant[];
}

/** One request. `tenants` keeps what several procedures of one batch look up alike. */
export interface RequestContext {
  readonly services: ApiServices;
  readonly principal: Principal | null;
  readonly requestId: string;
  readonly sourceIp: string | null;
  readonly tenants: Map<string, Promise<Tenant | null>>;
  /** Asks anew who is asking; null once the sign-in has ended. For streams that outlive it. */
  recheck(): Promise<Principal | null>;
}

export interface SignedInContext extends RequestContext {
  readonly principal: Principal;
}

export interface Tenant {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  readonly practiceId: string;
}

/** A request within one customer. There is no tenant id to hand to a query: `run` is bound to it. */
export interface TenantContext extends SignedInContext {
  readonly tenant: Tenant;
  readonly permissions: ReadonlySet<Permission>;
  /** One transaction of this tenant. */
  run<T>(work: (handle: TenantHandle) => Promise<T>): Promise<T>;
}
