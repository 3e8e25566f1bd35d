import { randomUUID } from "node:crypto";
import { type IpAddress, type Observation, type PrincipalFacts, parseIp } from "@rollcall/identity-core";
import type { Database } from "../database.ts";
import type { CommitOutcome, LedgerItem } from "../ledger/ledger-types.ts";
import type { SeededTenant } from "./a-tenant.ts";

export function ip(text: string): IpAddress {
  const parsed = parseIp(text);
  if (parsed === null) throw new Error(`${text} is no address`);
  return parsed;
}

/** A logon of `name` at `ip`, class A, one hour long, unless told otherwise. */
export function aLogon(
  tenant: SeededTenant,
  changes: Omit<Partial<Observation>, "ip"> & {
    readonly ip?: string;
    readonly user?: string;
    readonly at: number;
  },
): Observation {
  const { ip: address = "10.0.0.1", user = "ana", at, ...rest } = changes;
  const recordId = rest.recordId ?? randomUUID();
  return {
    id: `${recordId}#0`,
    recordId,
    sourceId: "vpn",
    family: "syslog",
    addressSpaceId: tenant.addressSpaceId,
    ip: ip(address),
    kind: "user",
    verb: "start",
    class: "A",
    effectiveAt: at,
    receivedAt: at,
    lifetimeMs: 3_600_000,
    principal: { name: user, domain: "corp" },
    correlator: null,
    rule: "syslog:test",
    ...rest,
  };
}

export function aLogoff(tenant: SeededTenant, changes: Parameters<typeof aLogon>[1]): Observation {
  return aLogon(tenant, { verb: "end", endScope: { principal: "named", family: "same" }, ...changes });
}

export function someFacts(changes: Partial<PrincipalFacts> & { readonly asOf: number }): PrincipalFacts {
  const name = changes.name ?? "ana";
  return {
    key: `s-1-5-21-1-2-3-${name}`,
    kind: "user",
    directoryId: "ad",
    aliases: [`s-1-5-21-1-2-3-${name}`, `corp.example\\${name}`, `corp\\${name}`, `${name}@corp.example`],
    domain: "corp.example",
    netbiosDomain: "CORP",
    name,
    groups: ["Staff"],
    enabled: true,
    ...changes,
  };
}

/** An agent that sends batch after batch, as a real one would. */
export class TestAgent {
  readonly database: Database;
  readonly tenant: SeededTenant;
  readonly agentId: string;
  readonly spoolId: string = randomUUID();
  bootId: string = randomUUID();
  epoch = 0;
  next = 1;

  constructor(database: Database, tenant: SeededTenant, agentId: string = tenant.agentId) {
    this.database = database;
    this.tenant = tenant;
    this.agentId = agentId;
  }

  open(changes: Partial<Parameters<Database["ledger"]["openStream"]>[0]> = {}) {
    return this.database.ledger.openStream({
      tenantId: this.tenant.tenantId,
      agentId: this.agentId,
      lane: "live",
      spoolId: this.spoolId,
      bootId: this.bootId,
      epoch: this.epoch,
      nextSeq: this.next,
      oldestRetained: 1,
      ...changes,
    });
  }

  async begin(): Promise<this> {
    const opened = await this.open();
    this.epoch = opened.epoch;
    return this;
  }

  number(things: readonly (Observation | PrincipalFacts)[], first = this.next): LedgerItem[] {
    return things.map((thing, index) =>
      "recordId" in thing
        ? { seq: first + index, kind: "observation", observation: thing }
        : { seq: first + index, kind: "principal", facts: thing },
    );
  }

  commit(items: readonly LedgerItem[], changes: { epoch?: number } = {}): Promise<CommitOutcome> {
    return this.database.ledger.commitBatch({
      tenantId: this.tenant.tenantId,
      agentId: this.agentId,
      lane: "live",
      epoch: changes.epoch ?? this.epoch,
      first: items[0]?.seq ?? this.next,
      last: items.at(-1)?.seq ?? this.next,
      items,
    });
  }

  async send(
    ...things: (Observation | PrincipalFacts)[]
  ): Promise<Extract<CommitOutcome, { kind: "committed" }>> {
    const outcome = await this.commit(this.number(things));
    if (outcome.kind !== "committed") throw new Error(`the batch was refused: ${outcome.kind}`);
    this.next += things.length;
    return outcome;
  }
}
