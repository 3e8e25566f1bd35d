import { randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import path from "node:path";
import type { OnboardingPayload } from "@rollcall/agent-protocol";
import { Secret } from "@rollcall/config";
import { createDatabase, type Database } from "@rollcall/db";
import { seedTenant } from "@rollcall/db/testing";
import { createLogger, type Logger } from "@rollcall/observability";
import {
  createCustomerAuthority,
  type InstallationKeys,
  makeSecretVerifier,
  newClientSecret,
  openInstallationKeys,
} from "@rollcall/pki";
import { anOnboardingFile } from "@rollcall/pki/testing";
import { type Bell, createBell } from "@rollcall/queue";
import { createDatabaseForTest, makeTempDir, type TestDatabase } from "@rollcall/testkit";
import type { GatewayConfig } from "../config.ts";
import type { PushTargets } from "../firewalls/push-targets.ts";
import { buildGateway, type Gateway } from "../gateway.ts";

/** A customer as the portal makes one: with an SRX CA, a site, an address space, a firewall and its secret. */
export interface TestCustomer {
  readonly tenantId: string;
  readonly siteId: string;
  readonly addressSpaceId: string;
  readonly syslogSourceId: string;
  readonly directoryId: string;
  readonly pointId: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** An agent row that never connected, for what needs a second one. */
  readonly otherAgentId: string;
}

/** The data plane's counterpart of a test: a database, keys, and what the portal would do. */
export interface TestInstallation {
  readonly testDatabase: TestDatabase;
  readonly database: Database;
  readonly keys: InstallationKeys;
  readonly bell: Bell;
  readonly log: Logger;
  /** Lines that the gateway logged. */
  readonly lines: string[];
  customer(): Promise<TestCustomer>;
  /** A signed onboarding file whose token is in the database. */
  onboarding(
    customer: TestCustomer,
    options?: { readonly agentName?: string; readonly notAfter?: Date },
  ): Promise<OnboardingPayload>;
  gateway(
    options?: Partial<GatewayConfig> & { readonly now?: () => number; readonly mayPostTo?: PushTargets },
  ): Promise<RunningGateway>;
  stop(): Promise<void>;
}

export interface RunningGateway {
  readonly gateway: Gateway;
  readonly agentUrl: string;
  readonly firewallUrl: string;
  readonly statusUrl: string;
  stop(): Promise<void>;
}

export async function startInstallation(): Promise<TestInstallation> {
  const testDatabase = await createDatabaseForTest();
  const folder = makeTempDir("rollcall-gateway-");
  const keysDir = path.join(folder, "keys");
  const keys = await openInstallationKeys(keysDir);
  const database = createDatabase({ url: testDatabase.appUrl, maxConnections: 6, node: "test" });
  const bell = createBell({ databaseUrl: testDatabase.appUrl });
  await bell.ready();
  const lines: string[] = [];
  const log = createLogger({
    name: "gateway",
    level: "debug",
    destination: { write: (line) => void lines.push(line) },
  });
  const running = new Set<RunningGateway>();

  return {
    testDatabase,
    database,
    keys,
    bell,
    log,
    lines,
    customer: () => makeCustomer(testDatabase, database, keys),
    async onboarding(customer, options = {}) {
      const made = anOnboardingFile(keys, {
        ...options,
        tenantId: customer.tenantId,
        siteId: customer.siteId,
      });
      const { payload } = made.file;
      await database.withTenant(customer.tenantId, ({ tx }) =>
        tx.enrolmentToken.create({
          data: {
            tenantId: customer.tenantId,
            id: payload.token.id,
            siteId: customer.siteId,
            agentName: payload.agent.name,
            publicKey: made.token.publicKey,
            fileId: payload.file_id,
            notAfter: new Date(payload.token.not_after),
          },
        }),
      );
      return payload;
    },
    async gateway(options = {}) {
      const { now, mayPostTo, ...config } = options;
      const loopback = { host: "127.0.0.1", port: 0 };
      const gateway = await buildGateway(
        {
          databaseUrl: new Secret(testDatabase.appUrl),
          redisUrl: null,
          keysDir,
          agentListen: loopback,
          firewallListen: loopback,
          statusListen: loopback,
          agentUrl: "https://127.0.0.1:8443",
          firewallAddress: "127.0.0.1",
          pushTargets: "none",
          gateways: 1,
          logLevel: "debug",
          ...config,
        },
        log,
        now,
        mayPostTo,
      );
      try {
        for (const part of gateway.parts) await part.start();
      } catch (error) {
        for (const part of gateway.parts.toReversed()) await part.stop();
        throw error;
      }
      const at = gateway.addresses();
      const made: RunningGateway = {
        gateway,
        agentUrl: `https://127.0.0.1:${at.agents?.port}`,
        firewallUrl: `https://127.0.0.1:${at.firewalls?.port}`,
        statusUrl: `http://127.0.0.1:${at.status?.port}`,
        async stop() {
          if (!running.delete(made)) return;
          gateway.beginStop();
          for (const part of gateway.parts.toReversed()) await part.stop();
        },
      };
      running.add(made);
      return made;
    },
    async stop() {
      for (const gateway of [...running]) await gateway.stop();
      await bell.close();
      await database.close();
      await testDatabase.drop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function makeCustomer(
  testDatabase: TestDatabase,
  database: Database,
  keys: InstallationKeys,
): Promise<TestCustomer> {
  const seeded = await seedTenant(testDatabase.superUrl);
  const { tenantId, siteId, addressSpaceId, enforcementPointId } = seeded;
  const authority = await createCustomerAuthority(keys, { tenantId, name: "Example AG", now: Date.now() });
  const clientSecret = newClientSecret();
  const [syslogSourceId, directoryId, secretId] = [randomUUID(), randomUUID(), randomUUID()];
  await database.withTenant(tenantId, async ({ tx }) => {
    await tx.customer.update({
      where: { id: tenantId },
      data: { srxCaCertPem: authority.certPem, srxCaKeyCipher: authority.keyCipher },
    });
    await tx.enforcementSecret.create({
      data: { tenantId, enforcementPointId, verifier: makeSecretVerifier(clientSecret) },
    });
    await tx.syslogSource.create({
      data: {
        tenantId,
        id: syslogSourceId,
        siteId,
        addressSpaceId,
        name: "VPN",
        senders: ["10.0.0.1"],
        speaksFor: ["10.20.0.0/16"],
      },
    });
    await tx.sealedSecret.create({
      data: { tenantId, id: secretId, siteId, name: "bind password", sealed: [] },
    });
    await tx.directory.create({
      data: {
        tenantId,
        id: directoryId,
        siteId,
        name: "AD",
        host: "dc.example",
        bindUser: "reader",
        secretId,
      },
    });
  });
  return {
    tenantId,
    siteId,
    addressSpaceId,
    syslogSourceId,
    directoryId,
    pointId: enforcementPointId,
    clientId: seeded.clientId,
    clientSecret,
    otherAgentId: seeded.secondAgentId,
  };
}
