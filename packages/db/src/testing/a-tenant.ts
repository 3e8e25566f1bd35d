import { randomUUID } from "node:crypto";
import pg from "pg";

export interface SeededTenant {
  readonly practiceId: string;
  readonly tenantId: string;
  readonly addressSpaceId: string;
  readonly siteId: string;
  readonly agentId: string;
  readonly secondAgentId: string;
  readonly enforcementPointId: string;
  readonly clientId: string;
}

export interface TenantSeed {
  /** An existing practice; else one is made. */
  readonly practiceId?: string;
  readonly settings?: Readonly<Record<string, unknown>>;
}

/**
 * Makes a customer with one address space, one site, two agents and one enforcement point, as the administrator
 * (who alone may write past row-level security). All ids are new, so tests share nothing.
 */
export async function seedTenant(superUrl: string, seed: TenantSeed = {}): Promise<SeededTenant> {
  const ids: SeededTenant = {
    practiceId: seed.practiceId ?? randomUUID(),
    tenantId: randomUUID(),
    addressSpaceId: randomUUID(),
    siteId: randomUUID(),
    agentId: randomUUID(),
    secondAgentId: randomUUID(),
    enforcementPointId: randomUUID(),
    clientId: `client-${randomUUID()}`,
  };
  await asAdministrator(superUrl, async (client) => {
    const short = ids.tenantId.slice(0, 8);
    if (seed.practiceId === undefined)
      await client.query("INSERT INTO practice (id, slug, name) VALUES ($1, $2, $3)", [
        ids.practiceId,
        `practice-${short}`,
        `Practice ${short}`,
      ]);
    await client.query(
      `INSERT INTO customer (id, practice_id, slug, name, settings, feed_incarnation, srx_ca_cert_pem, srx_ca_key_cipher)
       VALUES ($1, $2, $3, $4, $5, $6, 'no certificate', 'no key')`,
      [
        ids.tenantId,
        ids.practiceId,
        `customer-${short}`,
        `Customer ${short}`,
        JSON.stringify(seed.settings ?? {}),
        randomUUID().replaceAll("-", "").slice(0, 16),
      ],
    );
    await client.query(
      "INSERT INTO address_space (tenant_id, id, name, is_default) VALUES ($1, $2, 'Default', true)",
      [ids.tenantId, ids.addressSpaceId],
    );
    await client.query(
      "INSERT INTO site (tenant_id, id, name, slug, subnets) VALUES ($1, $2, 'Main site', 'main', '{}')",
      [ids.tenantId, ids.siteId],
    );
    for (const [id, name] of [
      [ids.agentId, "agent-1"],
      [ids.secondAgentId, "agent-2"],
    ])
      await client.query(
        "INSERT INTO agent (tenant_id, id, site_id, name, sealing_public_key, firewall_names) VALUES ($1, $2, $3, $4, 'no key', '{}')",
        [ids.tenantId, id, ids.siteId, name],
      );
    await client.query(
      `INSERT INTO enforcement_point (tenant_id, id, site_id, name, client_id, source_addresses, address_space_ids, domains, include_ip, exclude_ip, updated_at)
       VALUES ($1, $2, $3, 'srx-1', $4, '{}', $5, '{}', '{}', '{}', now())`,
      [ids.tenantId, ids.enforcementPointId, ids.siteId, ids.clientId, [ids.addressSpaceId]],
    );
    await client.query(
      "INSERT INTO client_directory (client_id, tenant_id, enforcement_point_id) VALUES ($1, $2, $3)",
      [ids.clientId, ids.tenantId, ids.enforcementPointId],
    );
  });
  return ids;
}

/** One more row in each of the tenant's remaining tables, for suites that go through all of them. */
export async function seedEveryTable(superUrl: string, ids: SeededTenant): Promise<void> {
  const { tenantId: t, siteId, agentId, addressSpaceId, enforcementPointId } = ids;
  const secretId = randomUUID();
  const sourceId = randomUUID();
  const credentialId = randomUUID();
  const rows: [string, Record<string, unknown>][] = [
    [
      "agent_certificate",
      {
        serial: "01",
        agent_id: agentId,
        spki_sha256: "x",
        generation: 1,
        state: "active",
        not_before: new Date(),
        not_after: new Date(),
      },
    ],
    [
      "enrolment_token",
      { id: "token", site_id: siteId, agent_name: "a", public_key: "k", file_id: "f", not_after: new Date() },
    ],
    ["sealed_secret", { id: secretId, site_id: siteId, name: "bind password", sealed: "[]" }],
    [
      "directory",
      {
        id: randomUUID(),
        site_id: siteId,
        name: "AD",
        host: "dc",
        bind_user: "u",
        secret_id: secretId,
        updated_at: new Date(),
      },
    ],
    [
      "credential",
      { id: credentialId, name: "Reader", login_user: "u", kdcs: [], sealed: "[]", updated_at: new Date() },
    ],
    [
      "event_source",
      {
        id: randomUUID(),
        site_id: siteId,
        address_space_id: addressSpaceId,
        credential_id: credentialId,
        kind: "domain-controller",
        name: "dc",
        host: "dc",
        rules_off: [],
        rules_on: [],
        updated_at: new Date(),
      },
    ],
    [
      "wef_receiver",
      {
        id: randomUUID(),
        site_id: siteId,
        address_space_id: addressSpaceId,
        host: "agent",
        client_ca_pem: "no certificate",
        allow: [],
        channels: ["Security"],
        rules_off: [],
        rules_on: [],
        updated_at: new Date(),
      },
    ],
    [
      "pc_probe",
      {
        site_id: siteId,
        address_space_id: addressSpaceId,
        include: [],
        exclude: [],
        methods: ["wmi"],
        updated_at: new Date(),
      },
    ],
    ["pc_probe_credential", { site_id: siteId, credential_id: credentialId, ordinal: 1 }],
    [
      "syslog_source",
      {
        id: sourceId,
        site_id: siteId,
        address_space_id: addressSpaceId,
        name: "VPN",
        senders: [],
        speaks_for: [],
        updated_at: new Date(),
      },
    ],
    [
      "syslog_sequence",
      {
        id: randomUUID(),
        syslog_source_id: sourceId,
        ordinal: 1,
        kind: "begin",
        trigger: "x",
        patterns: "[]",
        positive_samples: [],
        negative_samples: [],
      },
    ],
    ["filter", { id: randomUUID(), kind: "ip-exclude", value: "10.0.0.0/8" }],
    ["enforcement_secret", { id: randomUUID(), enforcement_point_id: enforcementPointId, verifier: "v" }],
    [
      "enforcement_token",
      {
        token_hash: "h",
        enforcement_point_id: enforcementPointId,
        secret_id: randomUUID(),
        source_ip: "192.0.2.1",
        expires_at: new Date(),
      },
    ],
    ["srx_profile", { id: randomUUID(), name: "p", document: "{}", updated_at: new Date() }],
    ["host_mark", { id: randomUUID(), under: "OU=RDS,DC=corp,DC=example" }],
    [
      "address_mark",
      { id: randomUUID(), address_space_id: addressSpaceId, range: "10.0.0.9", mark: "multi-user" },
    ],
    [
      "suggestion",
      {
        id: randomUUID(),
        agent_id: agentId,
        kind: "service-account",
        subject: "s",
        evidence: "{}",
        first_seen_at: new Date(),
        last_seen_at: new Date(),
      },
    ],
    ["push_progress", { enforcement_point_id: enforcementPointId, progress: "{}" }],
    ["push_told", { enforcement_point_id: enforcementPointId, ip: "10.0.0.1", round: 1 }],
    ["enforcement_contact", { enforcement_point_id: enforcementPointId, responder: "cloud", contact: "{}" }],
    [
      "session",
      {
        address_space_id: addressSpaceId,
        ip: "10.0.0.1",
        revision: 1,
        state: "{}",
        entry: "{}",
        principal_keys: [],
        is_live: false,
      },
    ],
    [
      "session_history",
      {
        observation_id: "o#0",
        effective_at: new Date(),
        received_at: new Date(),
        address_space_id: addressSpaceId,
        source_id: "s",
        ip: "10.0.0.1",
        kind: "user",
        verb: "start",
        class: "A",
        body_hash: "h",
        body: "{}",
      },
    ],
    ["principal_fact", { key: "k", as_of: new Date(), facts: "{}", aliases: [] }],
    ["principal_alias", { alias: "a", key: "k" }],
    ["session_alias", { alias: "a", address_space_id: addressSpaceId, ip: "10.0.0.1" }],
    ["change_feed", { revision: 1, address_space_id: addressSpaceId, ip: "10.0.0.1", entry: "{}" }],
    ["observation_feed", { agent_id: agentId, item: "{}" }],
    [
      "agent_stream",
      { agent_id: agentId, lane: "live", spool_id: randomUUID(), boot_id: randomUUID(), epoch: 1 },
    ],
    ["dead_letter", { agent_id: agentId, epoch: 1, seq: 1, reason: "r", item: "{}" }],
    [
      "agent_command",
      { id: randomUUID(), agent_id: agentId, kind: "tail", command: "{}", deadline: new Date() },
    ],
    [
      "audit_entry",
      {
        n: 0,
        at: new Date(),
        actor_kind: "system",
        actor_name: "test",
        node: "test",
        action: "test.seed",
        object_kind: "o",
        object_id: "o",
        object_name: "o",
        result: "done",
        detail_commit: "c",
        prev_hash: "",
        hash: "",
      },
    ],
    ["audit_detail", { n: 1, salt: "s", detail: "{}" }],
    ["job", { id: randomUUID(), kind: "audit-export" }],
  ];
  await asAdministrator(superUrl, async (client) => {
    for (const [table, row] of rows) {
      const values: Record<string, unknown> = { tenant_id: t, ...row };
      const columns = Object.keys(values);
      await client.query(
        `INSERT INTO ${table} (${columns.join(", ")}) VALUES (${columns.map((_, index) => `$${index + 1}`).join(", ")})`,
        columns.map((column) => values[column]),
      );
    }
  });
}

export async function asAdministrator<T>(
  superUrl: string,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({ connectionString: superUrl });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
