-- CreateTable
CREATE TABLE "practice" (
    "id" UUID NOT NULL,
    "slug" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "practice_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "portal_user" (
    "id" UUID NOT NULL,
    "practice_id" UUID NOT NULL,
    "email" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "password_hash" TEXT,
    "time_zone" TEXT NOT NULL DEFAULT 'UTC',
    "disabled_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "portal_user_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "sign_in" (
    "id" UUID NOT NULL,
    "token_hash" TEXT NOT NULL,
    "user_id" UUID NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "last_seen_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "source_ip" TEXT,
    "user_agent" TEXT,

    CONSTRAINT "sign_in_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "sign_in_failure" (
    "key" TEXT NOT NULL,
    "failures" INTEGER NOT NULL,
    "last_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "sign_in_failure_pkey" PRIMARY KEY ("key")
);

-- CreateTable
CREATE TABLE "membership" (
    "id" UUID NOT NULL,
    "practice_id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "role" TEXT NOT NULL,
    "customer_id" UUID,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "membership_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "customer" (
    "id" UUID NOT NULL,
    "practice_id" UUID NOT NULL,
    "slug" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "ad_domain" TEXT,
    "hue" INTEGER NOT NULL DEFAULT 0,
    "time_zone" TEXT NOT NULL DEFAULT 'UTC',
    "confidentiality" TEXT NOT NULL DEFAULT 'L0',
    "config_version" INTEGER NOT NULL DEFAULT 1,
    "settings" JSONB NOT NULL DEFAULT '{}',
    "feed_incarnation" TEXT NOT NULL,
    "feed_revision" BIGINT NOT NULL DEFAULT 0,
    "feed_floor_revision" BIGINT NOT NULL DEFAULT 0,
    "srx_ca_cert_pem" TEXT NOT NULL,
    "srx_ca_key_cipher" TEXT NOT NULL,
    "first_answered_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "deleted_at" TIMESTAMPTZ(3),

    CONSTRAINT "customer_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "address_space" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "is_default" BOOLEAN NOT NULL DEFAULT false,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "address_space_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "site" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "slug" TEXT NOT NULL,
    "time_zone" TEXT NOT NULL DEFAULT 'UTC',
    "subnets" TEXT[],
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "site_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "agent" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "site_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'active',
    "hostname" TEXT,
    "os" TEXT,
    "version" TEXT,
    "sealing_public_key" TEXT NOT NULL,
    "firewall_names" TEXT[],
    "enrolled_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "last_seen_at" TIMESTAMPTZ(3),
    "source_ip" TEXT,
    "applied_config_version" INTEGER,
    "refused_config_version" INTEGER,
    "refused_reason" TEXT,
    "health" JSONB,
    "health_at" TIMESTAMPTZ(3),

    CONSTRAINT "agent_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "agent_certificate" (
    "tenant_id" UUID NOT NULL,
    "serial" TEXT NOT NULL,
    "agent_id" UUID NOT NULL,
    "spki_sha256" TEXT NOT NULL,
    "generation" INTEGER NOT NULL,
    "state" TEXT NOT NULL,
    "not_before" TIMESTAMPTZ(3) NOT NULL,
    "not_after" TIMESTAMPTZ(3) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "agent_certificate_pkey" PRIMARY KEY ("tenant_id","serial")
);

-- CreateTable
CREATE TABLE "enrolment_token" (
    "tenant_id" UUID NOT NULL,
    "id" TEXT NOT NULL,
    "site_id" UUID NOT NULL,
    "agent_name" TEXT NOT NULL,
    "purpose" TEXT NOT NULL DEFAULT 'enrol',
    "agent_id" UUID,
    "public_key" TEXT NOT NULL,
    "file_id" TEXT NOT NULL,
    "not_after" TIMESTAMPTZ(3) NOT NULL,
    "file_read_at" TIMESTAMPTZ(3),
    "used_at" TIMESTAMPTZ(3),
    "used_spki" TEXT,
    "revoked_at" TIMESTAMPTZ(3),
    "last_refusal" TEXT,
    "created_by_id" UUID,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "enrolment_token_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "sealed_secret" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "site_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "sealed" JSONB NOT NULL,
    "set_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "sealed_secret_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "directory" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "site_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "host" TEXT NOT NULL,
    "port" INTEGER NOT NULL DEFAULT 636,
    "tls" TEXT NOT NULL DEFAULT 'ldaps',
    "ca_pem" TEXT,
    "dangerously_trust_any_certificate" BOOLEAN NOT NULL DEFAULT false,
    "bind_user" TEXT NOT NULL,
    "secret_id" UUID NOT NULL,
    "base_dn" TEXT,
    "domain" TEXT,
    "netbios_domain" TEXT,
    "poll_seconds" INTEGER NOT NULL DEFAULT 30,
    "enabled" BOOLEAN NOT NULL DEFAULT true,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "directory_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "event_source" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "site_id" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "host" TEXT NOT NULL,
    "channel_path" TEXT,
    "catch_up_minutes" INTEGER NOT NULL DEFAULT 60,
    "bind_user" TEXT,
    "secret_id" UUID,
    "enabled" BOOLEAN NOT NULL DEFAULT false,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "event_source_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "syslog_source" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "site_id" UUID NOT NULL,
    "address_space_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "senders" TEXT[],
    "transport" TEXT NOT NULL DEFAULT 'any',
    "speaks_for" TEXT[],
    "default_domain" TEXT,
    "time_zone" TEXT,
    "lifetime_minutes" INTEGER NOT NULL DEFAULT 480,
    "max_lines_per_second" INTEGER NOT NULL DEFAULT 20000,
    "base_configuration" TEXT,
    "enabled" BOOLEAN NOT NULL DEFAULT true,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "syslog_source_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "syslog_sequence" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "syslog_source_id" UUID NOT NULL,
    "ordinal" INTEGER NOT NULL,
    "description" TEXT NOT NULL DEFAULT '',
    "kind" TEXT NOT NULL,
    "trigger" TEXT NOT NULL,
    "patterns" JSONB NOT NULL,
    "match_source_ip" BOOLEAN NOT NULL DEFAULT false,
    "starting_time_minutes" INTEGER NOT NULL DEFAULT 0,
    "positive_samples" TEXT[],
    "negative_samples" TEXT[],

    CONSTRAINT "syslog_sequence_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "filter" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "value" TEXT NOT NULL,
    "domain" TEXT,
    "note" TEXT NOT NULL DEFAULT '',
    "enabled" BOOLEAN NOT NULL DEFAULT true,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "filter_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "enforcement_point" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "site_id" UUID,
    "name" TEXT NOT NULL,
    "client_id" TEXT NOT NULL,
    "source_addresses" TEXT[],
    "address_space_ids" UUID[],
    "profile" TEXT NOT NULL DEFAULT 'json-superset',
    "ipv6" BOOLEAN NOT NULL DEFAULT false,
    "token_ttl_seconds" INTEGER NOT NULL DEFAULT 28800,
    "domains" TEXT[],
    "include_ip" TEXT[],
    "exclude_ip" TEXT[],
    "junos" JSONB NOT NULL DEFAULT '{}',
    "enabled" BOOLEAN NOT NULL DEFAULT true,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "enforcement_point_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "enforcement_secret" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "enforcement_point_id" UUID NOT NULL,
    "verifier" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3),
    "revoked_at" TIMESTAMPTZ(3),

    CONSTRAINT "enforcement_secret_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "client_directory" (
    "client_id" TEXT NOT NULL,
    "tenant_id" UUID NOT NULL,
    "enforcement_point_id" UUID NOT NULL,

    CONSTRAINT "client_directory_pkey" PRIMARY KEY ("client_id")
);

-- CreateTable
CREATE TABLE "enforcement_token" (
    "tenant_id" UUID NOT NULL,
    "token_hash" TEXT NOT NULL,
    "enforcement_point_id" UUID NOT NULL,
    "secret_id" UUID NOT NULL,
    "source_ip" TEXT NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "enforcement_token_pkey" PRIMARY KEY ("tenant_id","token_hash")
);

-- CreateTable
CREATE TABLE "enforcement_contact" (
    "tenant_id" UUID NOT NULL,
    "enforcement_point_id" UUID NOT NULL,
    "responder" TEXT NOT NULL,
    "contact" JSONB NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "enforcement_contact_pkey" PRIMARY KEY ("tenant_id","enforcement_point_id","responder")
);

-- CreateTable
CREATE TABLE "session" (
    "tenant_id" UUID NOT NULL,
    "address_space_id" UUID NOT NULL,
    "ip" TEXT NOT NULL,
    "revision" BIGINT NOT NULL,
    "state" JSONB NOT NULL,
    "entry" JSONB NOT NULL,
    "user_name" TEXT,
    "user_domain" TEXT,
    "principal_keys" TEXT[],
    "is_live" BOOLEAN NOT NULL,
    "since" TIMESTAMPTZ(3),
    "last_seen_at" TIMESTAMPTZ(3),
    "expires_at" TIMESTAMPTZ(3),
    "next_change_at" TIMESTAMPTZ(3),
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "session_pkey" PRIMARY KEY ("tenant_id","address_space_id","ip")
);

-- CreateTable
CREATE TABLE "session_history" (
    "tenant_id" UUID NOT NULL,
    "observation_id" TEXT NOT NULL,
    "effective_at" TIMESTAMPTZ(3) NOT NULL,
    "received_at" TIMESTAMPTZ(3) NOT NULL,
    "recorded_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "agent_id" UUID,
    "address_space_id" UUID NOT NULL,
    "source_id" TEXT NOT NULL,
    "ip" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "verb" TEXT NOT NULL,
    "class" TEXT NOT NULL,
    "user_name" TEXT,
    "user_domain" TEXT,
    "body_hash" TEXT NOT NULL,
    "body" JSONB NOT NULL,

    CONSTRAINT "session_history_pkey" PRIMARY KEY ("tenant_id","observation_id","effective_at")
) PARTITION BY RANGE ("effective_at");

-- CreateTable
CREATE TABLE "principal_fact" (
    "tenant_id" UUID NOT NULL,
    "key" TEXT NOT NULL,
    "as_of" TIMESTAMPTZ(3) NOT NULL,
    "facts" JSONB NOT NULL,
    "aliases" TEXT[],
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "principal_fact_pkey" PRIMARY KEY ("tenant_id","key")
);

-- CreateTable
CREATE TABLE "change_feed" (
    "tenant_id" UUID NOT NULL,
    "revision" BIGINT NOT NULL,
    "address_space_id" UUID NOT NULL,
    "ip" TEXT NOT NULL,
    "entry" JSONB NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "change_feed_pkey" PRIMARY KEY ("tenant_id","revision")
);

-- CreateTable
CREATE TABLE "observation_feed" (
    "tenant_id" UUID NOT NULL,
    "position" BIGSERIAL NOT NULL,
    "agent_id" UUID,
    "item" JSONB NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "observation_feed_pkey" PRIMARY KEY ("tenant_id","position")
);

-- CreateTable
CREATE TABLE "agent_stream" (
    "tenant_id" UUID NOT NULL,
    "agent_id" UUID NOT NULL,
    "lane" TEXT NOT NULL,
    "spool_id" UUID NOT NULL,
    "boot_id" UUID NOT NULL,
    "epoch" INTEGER NOT NULL,
    "committed" BIGINT NOT NULL DEFAULT 0,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "agent_stream_pkey" PRIMARY KEY ("tenant_id","agent_id","lane")
);

-- CreateTable
CREATE TABLE "dead_letter" (
    "tenant_id" UUID NOT NULL,
    "agent_id" UUID NOT NULL,
    "epoch" INTEGER NOT NULL,
    "seq" BIGINT NOT NULL,
    "reason" TEXT NOT NULL,
    "item" JSONB NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "dead_letter_pkey" PRIMARY KEY ("tenant_id","agent_id","epoch","seq")
);

-- CreateTable
CREATE TABLE "agent_command" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "agent_id" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "command" JSONB NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'queued',
    "deadline" TIMESTAMPTZ(3) NOT NULL,
    "progress" JSONB,
    "result" JSONB,
    "message" TEXT,
    "created_by_id" UUID,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "agent_command_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "audit_entry" (
    "tenant_id" UUID NOT NULL,
    "n" BIGINT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "actor_kind" TEXT NOT NULL,
    "actor_id" TEXT,
    "actor_name" TEXT NOT NULL,
    "via_provider" BOOLEAN NOT NULL DEFAULT false,
    "source_ip" TEXT,
    "node" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "object_kind" TEXT NOT NULL,
    "object_id" TEXT NOT NULL,
    "object_name" TEXT NOT NULL,
    "result" TEXT NOT NULL,
    "request_id" TEXT,
    "detail_commit" TEXT NOT NULL,
    "prev_hash" TEXT NOT NULL,
    "hash" TEXT NOT NULL,

    CONSTRAINT "audit_entry_pkey" PRIMARY KEY ("tenant_id","n")
);

-- CreateTable
CREATE TABLE "audit_detail" (
    "tenant_id" UUID NOT NULL,
    "n" BIGINT NOT NULL,
    "salt" TEXT NOT NULL,
    "detail" JSONB NOT NULL,

    CONSTRAINT "audit_detail_pkey" PRIMARY KEY ("tenant_id","n")
);

-- CreateTable
CREATE TABLE "job" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'queued',
    "progress" INTEGER NOT NULL DEFAULT 0,
    "total" INTEGER,
    "message" TEXT,
    "result_name" TEXT,
    "result_type" TEXT,
    "result" BYTEA,
    "created_by_id" UUID,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "finished_at" TIMESTAMPTZ(3),
    "expires_at" TIMESTAMPTZ(3),

    CONSTRAINT "job_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateIndex
CREATE UNIQUE INDEX "practice_slug_key" ON "practice"("slug");

-- CreateIndex
CREATE UNIQUE INDEX "portal_user_email_key" ON "portal_user"("email");

-- CreateIndex
CREATE UNIQUE INDEX "portal_user_id_practice_id_key" ON "portal_user"("id", "practice_id");

-- CreateIndex
CREATE UNIQUE INDEX "sign_in_token_hash_key" ON "sign_in"("token_hash");

-- CreateIndex
CREATE INDEX "sign_in_user_id_idx" ON "sign_in"("user_id");

-- CreateIndex
CREATE INDEX "membership_practice_id_idx" ON "membership"("practice_id");

-- CreateIndex
CREATE UNIQUE INDEX "membership_user_id_role_customer_id_key" ON "membership"("user_id", "role", "customer_id");

-- CreateIndex
CREATE UNIQUE INDEX "customer_practice_id_slug_key" ON "customer"("practice_id", "slug");

-- CreateIndex
CREATE UNIQUE INDEX "customer_id_practice_id_key" ON "customer"("id", "practice_id");

-- CreateIndex
CREATE UNIQUE INDEX "site_tenant_id_slug_key" ON "site"("tenant_id", "slug");

-- CreateIndex
CREATE UNIQUE INDEX "agent_tenant_id_site_id_name_key" ON "agent"("tenant_id", "site_id", "name");

-- CreateIndex
CREATE UNIQUE INDEX "syslog_sequence_tenant_id_syslog_source_id_ordinal_key" ON "syslog_sequence"("tenant_id", "syslog_source_id", "ordinal");

-- CreateIndex
CREATE UNIQUE INDEX "enforcement_point_tenant_id_name_key" ON "enforcement_point"("tenant_id", "name");

-- CreateIndex
CREATE INDEX "session_tenant_id_revision_idx" ON "session"("tenant_id", "revision");

-- CreateIndex
CREATE INDEX "session_tenant_id_is_live_user_name_idx" ON "session"("tenant_id", "is_live", "user_name");

-- CreateIndex
CREATE INDEX "session_tenant_id_next_change_at_idx" ON "session"("tenant_id", "next_change_at");

-- CreateIndex
CREATE INDEX "session_principal_keys_idx" ON "session" USING GIN ("principal_keys");

-- CreateIndex
CREATE INDEX "principal_fact_aliases_idx" ON "principal_fact" USING GIN ("aliases");

-- CreateIndex
CREATE INDEX "session_history_tenant_id_ip_effective_at_idx" ON "session_history"("tenant_id", "ip", "effective_at");

-- CreateIndex
CREATE INDEX "session_history_tenant_id_user_name_effective_at_idx" ON "session_history"("tenant_id", "user_name", "effective_at");

-- CreateIndex
CREATE INDEX "agent_command_tenant_id_agent_id_state_idx" ON "agent_command"("tenant_id", "agent_id", "state");

-- AddForeignKey
ALTER TABLE "portal_user" ADD CONSTRAINT "portal_user_practice_id_fkey" FOREIGN KEY ("practice_id") REFERENCES "practice"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "sign_in" ADD CONSTRAINT "sign_in_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "portal_user"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "membership" ADD CONSTRAINT "membership_practice_id_fkey" FOREIGN KEY ("practice_id") REFERENCES "practice"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "membership" ADD CONSTRAINT "membership_user_id_practice_id_fkey" FOREIGN KEY ("user_id", "practice_id") REFERENCES "portal_user"("id", "practice_id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "membership" ADD CONSTRAINT "membership_customer_id_practice_id_fkey" FOREIGN KEY ("customer_id", "practice_id") REFERENCES "customer"("id", "practice_id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "customer" ADD CONSTRAINT "customer_practice_id_fkey" FOREIGN KEY ("practice_id") REFERENCES "practice"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "address_space" ADD CONSTRAINT "address_space_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "customer"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "site" ADD CONSTRAINT "site_tenant_id_fkey" FOREIGN KEY ("tenant_id") REFERENCES "customer"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "agent" ADD CONSTRAINT "agent_tenant_id_site_id_fkey" FOREIGN KEY ("tenant_id", "site_id") REFERENCES "site"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "agent_certificate" ADD CONSTRAINT "agent_certificate_tenant_id_agent_id_fkey" FOREIGN KEY ("tenant_id", "agent_id") REFERENCES "agent"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "enrolment_token" ADD CONSTRAINT "enrolment_token_tenant_id_site_id_fkey" FOREIGN KEY ("tenant_id", "site_id") REFERENCES "site"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "sealed_secret" ADD CONSTRAINT "sealed_secret_tenant_id_site_id_fkey" FOREIGN KEY ("tenant_id", "site_id") REFERENCES "site"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "directory" ADD CONSTRAINT "directory_tenant_id_site_id_fkey" FOREIGN KEY ("tenant_id", "site_id") REFERENCES "site"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "directory" ADD CONSTRAINT "directory_tenant_id_secret_id_fkey" FOREIGN KEY ("tenant_id", "secret_id") REFERENCES "sealed_secret"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "event_source" ADD CONSTRAINT "event_source_tenant_id_site_id_fkey" FOREIGN KEY ("tenant_id", "site_id") REFERENCES "site"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "syslog_source" ADD CONSTRAINT "syslog_source_tenant_id_site_id_fkey" FOREIGN KEY ("tenant_id", "site_id") REFERENCES "site"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "syslog_source" ADD CONSTRAINT "syslog_source_tenant_id_address_space_id_fkey" FOREIGN KEY ("tenant_id", "address_space_id") REFERENCES "address_space"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "syslog_sequence" ADD CONSTRAINT "syslog_sequence_tenant_id_syslog_source_id_fkey" FOREIGN KEY ("tenant_id", "syslog_source_id") REFERENCES "syslog_source"("tenant_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "enforcement_point" ADD CONSTRAINT "enforcement_point_tenant_id_site_id_fkey" FOREIGN KEY ("tenant_id", "site_id") REFERENCES "site"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "enforcement_secret" ADD CONSTRAINT "enforcement_secret_tenant_id_enforcement_point_id_fkey" FOREIGN KEY ("tenant_id", "enforcement_point_id") REFERENCES "enforcement_point"("tenant_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "client_directory" ADD CONSTRAINT "client_directory_tenant_id_enforcement_point_id_fkey" FOREIGN KEY ("tenant_id", "enforcement_point_id") REFERENCES "enforcement_point"("tenant_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "enforcement_token" ADD CONSTRAINT "enforcement_token_tenant_id_enforcement_point_id_fkey" FOREIGN KEY ("tenant_id", "enforcement_point_id") REFERENCES "enforcement_point"("tenant_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "agent_stream" ADD CONSTRAINT "agent_stream_tenant_id_agent_id_fkey" FOREIGN KEY ("tenant_id", "agent_id") REFERENCES "agent"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "agent_command" ADD CONSTRAINT "agent_command_tenant_id_agent_id_fkey" FOREIGN KEY ("tenant_id", "agent_id") REFERENCES "agent"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "audit_detail" ADD CONSTRAINT "audit_detail_tenant_id_n_fkey" FOREIGN KEY ("tenant_id", "n") REFERENCES "audit_entry"("tenant_id", "n") ON DELETE RESTRICT ON UPDATE CASCADE;

-- From here on by hand: what the schema language cannot say. `node scripts/schema-drift.ts` proves that the
-- schema and the migrations agree in everything it can.

-- --------------------------------------------------------------------------------------------------
-- Roles. They belong to the cluster and are made before (scripts/services.ts; by hand: prisma/README.md).
-- --------------------------------------------------------------------------------------------------
DO $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'rollcall_app') THEN
        RAISE EXCEPTION 'the role rollcall_app does not exist: create it as the administrator with CREATE ROLE rollcall_app LOGIN NOSUPERUSER NOBYPASSRLS PASSWORD ''...''';
    END IF;
    IF (SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user) THEN
        RAISE EXCEPTION 'migrate as a plain owner role (rollcall_owner), not as %: what a superuser owns escapes row-level security', current_user;
    END IF;
END
$$;

-- --------------------------------------------------------------------------------------------------
-- Grants over all customers of a practice have no customer: two of them are the same grant.
-- --------------------------------------------------------------------------------------------------
DROP INDEX "membership_user_id_role_customer_id_key";
CREATE UNIQUE INDEX "membership_user_id_role_customer_id_key" ON "membership" ("user_id", "role", "customer_id") NULLS NOT DISTINCT;

-- --------------------------------------------------------------------------------------------------
-- Logon history by month. Partitions live in a schema of their own, which the apps may not enter: they reach the
-- rows through the parent only, whose policy then applies. A time outside all months goes to the default partition.
-- --------------------------------------------------------------------------------------------------
CREATE SCHEMA history;
CREATE TABLE history.session_history_other PARTITION OF session_history DEFAULT;
ALTER TABLE history.session_history_other ENABLE ROW LEVEL SECURITY;
ALTER TABLE history.session_history_other FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON history.session_history_other
    USING (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid);

-- Makes the partitions of this month, the `months_back` before it and the `months_ahead` after it, where missing.
-- Only the owner can run it: scripts/migrate-deploy.ts does at every deployment, the worker where it is given the
-- owner's URL. Returns how many were made. Rows already in the default partition are moved to where they belong.
CREATE FUNCTION history.ensure_session_history_partitions(months_back integer, months_ahead integer) RETURNS integer
    LANGUAGE plpgsql SECURITY INVOKER AS $$
DECLARE
    starts timestamptz;
    ends timestamptz;
    partition text;
    made integer := 0;
BEGIN
    FOR i IN -months_back..months_ahead LOOP
        starts := (date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => i)) AT TIME ZONE 'UTC';
        ends := (date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => i + 1)) AT TIME ZONE 'UTC';
        partition := 'session_history_' || to_char(starts AT TIME ZONE 'UTC', 'YYYY_MM');
        CONTINUE WHEN to_regclass('history.' || partition) IS NOT NULL;
        EXECUTE format('CREATE TABLE history.%I (LIKE session_history INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', partition);
        EXECUTE format('ALTER TABLE history.%I ENABLE ROW LEVEL SECURITY', partition);
        -- Row-level security is forced on the owner too, so it steps aside on the default partition for the move.
        ALTER TABLE history.session_history_other NO FORCE ROW LEVEL SECURITY;
        EXECUTE format(
            'WITH moved AS (DELETE FROM history.session_history_other WHERE effective_at >= %L AND effective_at < %L RETURNING *)
             INSERT INTO history.%I SELECT * FROM moved', starts, ends, partition);
        ALTER TABLE history.session_history_other FORCE ROW LEVEL SECURITY;
        EXECUTE format('ALTER TABLE session_history ATTACH PARTITION history.%I FOR VALUES FROM (%L) TO (%L)', partition, starts, ends);
        EXECUTE format('ALTER TABLE history.%I FORCE ROW LEVEL SECURITY', partition);
        EXECUTE format(
            'CREATE POLICY tenant ON history.%I USING (tenant_id = nullif(current_setting(''app.tenant'', true), '''')::uuid) WITH CHECK (tenant_id = nullif(current_setting(''app.tenant'', true), '''')::uuid)', partition);
        made := made + 1;
    END LOOP;
    RETURN made;
END
$$;
REVOKE ALL ON FUNCTION history.ensure_session_history_partitions(integer, integer) FROM PUBLIC;
SELECT history.ensure_session_history_partitions(2, 24);

-- --------------------------------------------------------------------------------------------------
-- Row-level security. The tenant of a transaction is set_config('app.tenant', ..., true) and nothing else.
-- After a transaction the setting reads as '' on a pooled connection, hence nullif: unset means no rows.
-- Not tenant-owned, and so without it: practice, portal_user, sign_in, sign_in_failure, membership.
-- --------------------------------------------------------------------------------------------------
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY[
        'address_space', 'site', 'agent', 'agent_certificate', 'enrolment_token', 'sealed_secret', 'directory',
        'event_source', 'syslog_source', 'syslog_sequence', 'filter', 'enforcement_point', 'enforcement_secret',
        'client_directory', 'enforcement_token', 'enforcement_contact', 'session', 'session_history',
        'principal_fact', 'change_feed', 'observation_feed', 'agent_stream', 'dead_letter', 'agent_command',
        'audit_entry', 'audit_detail', 'job'
    ] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format(
            'CREATE POLICY tenant ON %I USING (tenant_id = nullif(current_setting(''app.tenant'', true), '''')::uuid) WITH CHECK (tenant_id = nullif(current_setting(''app.tenant'', true), '''')::uuid)', name);
    END LOOP;
END
$$;

-- A customer is its own tenant, and is seen by its practice.
ALTER TABLE customer ENABLE ROW LEVEL SECURITY;
ALTER TABLE customer FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON customer
    USING (id = nullif(current_setting('app.tenant', true), '')::uuid
        OR practice_id = nullif(current_setting('app.practice', true), '')::uuid)
    WITH CHECK (id = nullif(current_setting('app.tenant', true), '')::uuid
        OR practice_id = nullif(current_setting('app.practice', true), '')::uuid);

-- Whoever names a client id may learn whose it is: that is how a firewall's token request finds its tenant.
CREATE POLICY named_client ON client_directory FOR SELECT
    USING (client_id = nullif(current_setting('app.client_id', true), ''));

-- --------------------------------------------------------------------------------------------------
-- What the apps may do. They own nothing and get each right by name.
-- --------------------------------------------------------------------------------------------------
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO rollcall_app;
GRANT SELECT, INSERT, UPDATE ON practice, customer TO rollcall_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON
    portal_user, sign_in, sign_in_failure, membership,
    address_space, site, agent, agent_certificate, enrolment_token, sealed_secret, directory, event_source,
    syslog_source, syslog_sequence, filter, enforcement_point, enforcement_secret, client_directory,
    enforcement_token, enforcement_contact, session, principal_fact, agent_stream, agent_command, job
    TO rollcall_app;
GRANT SELECT, INSERT, DELETE ON session_history, change_feed, observation_feed, dead_letter TO rollcall_app;
GRANT USAGE ON SEQUENCE observation_feed_position_seq TO rollcall_app;
GRANT SELECT, INSERT ON audit_entry TO rollcall_app;
GRANT SELECT, INSERT, DELETE ON audit_detail TO rollcall_app;

-- --------------------------------------------------------------------------------------------------
-- The audit chain. The table numbers and chains its rows itself, so that no writer can fork it; what is written
-- stays. hash = SHA-256(canonical row || previous hash), the canonical row being a netstring per column
-- ("3:abc,", absent: "-,"). tools/audit-verify computes the same from an export.
-- --------------------------------------------------------------------------------------------------
CREATE FUNCTION audit_netstring(value text) RETURNS text
    LANGUAGE sql IMMUTABLE SECURITY INVOKER PARALLEL SAFE
    RETURN CASE WHEN value IS NULL THEN '-,' ELSE octet_length(value)::text || ':' || value || ',' END;

CREATE FUNCTION audit_chain() RETURNS trigger
    LANGUAGE plpgsql SECURITY INVOKER AS $$
DECLARE
    head_n bigint;
    head_hash text;
BEGIN
    -- One writer per tenant from here to the end of its transaction.
    PERFORM pg_advisory_xact_lock(hashtextextended('audit:' || NEW.tenant_id::text, 0));
    SELECT n, hash INTO head_n, head_hash FROM audit_entry
        WHERE tenant_id = NEW.tenant_id ORDER BY n DESC LIMIT 1;
    NEW.n := coalesce(head_n, 0) + 1;
    NEW.prev_hash := coalesce(head_hash, repeat('0', 64));
    NEW.hash := encode(sha256(convert_to(
        audit_netstring(NEW.tenant_id::text)
        || audit_netstring(NEW.n::text)
        || audit_netstring(floor(extract(epoch FROM NEW.at) * 1000)::bigint::text)
        || audit_netstring(NEW.actor_kind)
        || audit_netstring(NEW.actor_id)
        || audit_netstring(NEW.actor_name)
        || audit_netstring(NEW.via_provider::text)
        || audit_netstring(NEW.source_ip)
        || audit_netstring(NEW.node)
        || audit_netstring(NEW.action)
        || audit_netstring(NEW.object_kind)
        || audit_netstring(NEW.object_id)
        || audit_netstring(NEW.object_name)
        || audit_netstring(NEW.result)
        || audit_netstring(NEW.request_id)
        || audit_netstring(NEW.detail_commit)
        || NEW.prev_hash, 'UTF8')), 'hex');
    RETURN NEW;
END
$$;
CREATE TRIGGER chain BEFORE INSERT ON audit_entry FOR EACH ROW EXECUTE FUNCTION audit_chain();

CREATE FUNCTION audit_refuse() RETURNS trigger
    LANGUAGE plpgsql SECURITY INVOKER AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entry FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
-- A detail may be erased (a person's right), never rewritten.
CREATE TRIGGER append_only BEFORE UPDATE OR TRUNCATE ON audit_detail FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
