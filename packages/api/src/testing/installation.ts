import { randomUUID } from "node:crypto";
import path from "node:path";
import { createDatabase, type Database } from "@rollcall/db";
import { createErrorReporter, createLogger } from "@rollcall/observability";
import { generateSealingKey, type InstallationKeys, openInstallationKeys } from "@rollcall/pki";
import type { Bell, Queues, Topic } from "@rollcall/queue";
import { createDatabaseForTest, FakeClock, makeTempDir, type TestDatabase } from "@rollcall/testkit";
import type { ApiServices, Grant, Principal, RequestContext } from "../context.ts";
import { createRateLimiter, type RateLimiter } from "../rate-limiter.ts";
import { createCaller } from "../root.router.ts";

export type Caller = ReturnType<typeof createCaller>;

/** A bell within this process that remembers what rang. */
export interface RecordingBell extends Bell {
  readonly rung: string[];
}

function createRecordingBell(): RecordingBell {
  const listeners = new Map<string, Set<(topic: string) => void>>();
  const rung: string[] = [];
  const ring = (topic: string) => {
    rung.push(topic);
    for (const [head, heard] of listeners)
      if (topic.startsWith(head)) for (const listener of heard) listener(topic);
  };
  return {
    rung,
    ring: (topic: Topic) => ring(topic),
    onRing(head, listener) {
      const heard = listeners.get(head) ?? new Set();
      heard.add(listener);
      listeners.set(head, heard);
      return () => void heard.delete(listener);
    },
    ready: async () => {},
    close: async () => {},
  };
}

export interface RecordingQueues extends Queues {
  readonly enqueued: { readonly name: string; readonly payload: unknown }[];
  /** Makes the next enqueue fail. */
  breakDown(): void;
}

function createRecordingQueues(): RecordingQueues {
  const enqueued: { name: string; payload: unknown }[] = [];
  let isBroken = false;
  return {
    backend: "postgres",
    enqueued,
    breakDown: () => {
      isBroken = true;
    },
    async enqueue(name, payload, options) {
      if (isBroken) throw new Error("connect ECONNREFUSED");
      enqueued.push({ name, payload });
      return options?.id ?? randomUUID();
    },
    schedule: async () => {},
    consume: async () => ({ stop: async () => {} }),
    counts: async () => ({ waiting: 0, active: 0, delayed: 0, failed: 0 }),
    close: async () => {},
  };
}

/** An installation on a database of its own, with a clock that tests move. */
export interface TestInstallation {
  readonly database: Database;
  readonly test: TestDatabase;
  readonly services: ApiServices;
  readonly bell: RecordingBell;
  readonly queues: RecordingQueues;
  readonly keys: InstallationKeys;
  readonly clock: FakeClock;
  readonly logged: string[];
  /** A practice with its owner. */
  aPractice(): Promise<TestPractice>;
  /** What somebody with these grants calls. */
  as(principal: Principal | null, changes?: Partial<RequestContext>): Caller;
  close(): Promise<void>;
}

export interface TestPractice {
  readonly id: string;
  readonly owner: Principal;
  readonly api: Caller;
  principal(...grants: Grant[]): Promise<Principal>;
}

/** Nobody is slowed down unless a test gives a limiter of its own. */
const generous: RateLimiter = { take: () => null };

export async function createInstallation(
  options: { readonly limited?: boolean } = {},
): Promise<TestInstallation> {
  const test = await createDatabaseForTest();
  const clock = new FakeClock(Date.now());
  const logged: string[] = [];
  const log = createLogger({ name: "api-test", destination: { write: (line) => void logged.push(line) } });
  const database = createDatabase({ url: test.appUrl, maxConnections: 8, node: "test", now: clock.now });
  const keys = await openInstallationKeys(path.join(makeTempDir("rollcall-keys-"), "keys"));
  const bell = createRecordingBell();
  const queues = createRecordingQueues();
  const services: ApiServices = {
    database,
    bell,
    queues,
    keys,
    gateway: {
      agentUrl: "https://gateway.example:8443",
      firewallAddress: "cloud.example",
      firewallPort: 8444,
    },
    log,
    reportError: createErrorReporter({ log }),
    limiter: options.limited ? createRateLimiter({ now: clock.now }) : generous,
    stopping: new AbortController().signal,
    now: clock.now,
  };
  const as = (principal: Principal | null, changes: Partial<RequestContext> = {}) =>
    createCaller(() => ({
      services,
      principal,
      requestId: "request-1",
      sourceIp: "192.0.2.7",
      tenants: new Map(),
      recheck: async () => principal,
      ...changes,
    }));
  return {
    database,
    test,
    services,
    bell,
    queues,
    keys,
    clock,
    logged,
    as,
    aPractice: () => aPractice(database, as),
    async close() {
      await database.close();
      await test.drop();
    },
  };
}

async function aPractice(database: Database, as: TestInstallation["as"]): Promise<TestPractice> {
  const { id } = await database.signIns.createPractice({
    slug: `practice-${randomUUID()}`,
    name: "Practice",
  });
  const principal = async (...grants: Grant[]): Promise<Principal> => {
    const person = await database.signIns.createPerson({
      practiceId: id,
      email: `${randomUUID()}@example.test`,
      name: "Nora North",
      passwordHash: null,
    });
    for (const grant of grants) await database.signIns.grant({ practiceId: id, userId: person.id, ...grant });
    const { id: userId, practiceId, name, email, timeZone } = person;
    return { userId, practiceId, name, email, timeZone, signInId: null, grants };
  };
  const owner = await principal({ role: "owner", customerId: null });
  return { id, owner, api: as(owner), principal };
}

export interface TestAgent {
  readonly id: string;
  readonly name: string;
  readonly sealingPrivateKey: string;
}

/** An enrolled agent, as the gateway would have left it. */
export async function anAgentAt(
  installation: TestInstallation,
  {
    tenantId,
    siteId,
    name = "lon-a",
  }: { readonly tenantId: string; readonly siteId: string; readonly name?: string },
): Promise<TestAgent> {
  const id = randomUUID();
  const sealing = await generateSealingKey();
  const now = new Date(installation.clock.now());
  await installation.database.withTenant(tenantId, async ({ tx }) => {
    await tx.agent.create({
      data: {
        tenantId,
        id,
        siteId,
        name,
        sealingPublicKey: sealing.publicKey,
        enrolledAt: now,
        lastSeenAt: now,
      },
    });
    await tx.agentCertificate.create({
      data: {
        tenantId,
        serial: randomUUID(),
        agentId: id,
        spkiSha256: "0".repeat(64),
        generation: 1,
        state: "active",
        notBefore: now,
        notAfter: new Date(now.getTime() + 7 * 86_400_000),
      },
    });
  });
  return { id, name, sealingPrivateKey: sealing.privateKey };
}

/** The tenant id behind a slug: tests look behind the API where it shows no ids. */
export async function tenantIdOf(
  installation: TestInstallation,
  practiceId: string,
  slug: string,
): Promise<string> {
  const row = await installation.database.withPractice(practiceId, ({ tx }) =>
    tx.customer.findFirstOrThrow({ where: { practiceId, slug }, select: { id: true } }),
  );
  return row.id;
}
