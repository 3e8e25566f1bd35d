-- Firewalls in full: profiles of a customer's own, push mode, what a firewall may report, the fail-safe when sources are dark,
-- addresses with several people behind them, and what detection suggests.

-- AlterTable
ALTER TABLE "enforcement_point" ADD COLUMN     "dark_minutes" INTEGER NOT NULL DEFAULT 30,
ADD COLUMN     "learn_until" TIMESTAMPTZ(3),
ADD COLUMN     "may_report" TEXT[],
ADD COLUMN     "push" JSONB,
ADD COLUMN     "push_agent_id" UUID,
ADD COLUMN     "push_cipher" TEXT,
ADD COLUMN     "push_from" TEXT NOT NULL DEFAULT 'agent',
ADD COLUMN     "push_secret_id" UUID,
ADD COLUMN     "push_turn" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "reannounce_minutes" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "when_sources_dark" TEXT NOT NULL DEFAULT 'shorten';

-- AlterTable
ALTER TABLE "enforcement_secret" ADD COLUMN     "origin" TEXT NOT NULL DEFAULT 'made';

-- CreateTable
CREATE TABLE "srx_profile" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "document" JSONB NOT NULL,
    "note" TEXT NOT NULL DEFAULT '',
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "srx_profile_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "address_mark" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "address_space_id" UUID NOT NULL,
    "range" TEXT NOT NULL,
    "mark" TEXT NOT NULL,
    "mode" TEXT NOT NULL DEFAULT 'suppress',
    "pseudo_user" JSONB,
    "note" TEXT NOT NULL DEFAULT '',
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "address_mark_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "suggestion" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "agent_id" UUID NOT NULL,
    "kind" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "evidence" JSONB NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'open',
    "made_id" UUID,
    "first_seen_at" TIMESTAMPTZ(3) NOT NULL,
    "last_seen_at" TIMESTAMPTZ(3) NOT NULL,
    "decided_at" TIMESTAMPTZ(3),
    "decided_by" UUID,

    CONSTRAINT "suggestion_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateIndex
CREATE UNIQUE INDEX "srx_profile_tenant_id_name_key" ON "srx_profile"("tenant_id", "name");

-- CreateIndex
CREATE UNIQUE INDEX "suggestion_tenant_id_kind_subject_key" ON "suggestion"("tenant_id", "kind", "subject");

-- AddForeignKey
ALTER TABLE "address_mark" ADD CONSTRAINT "address_mark_tenant_id_address_space_id_fkey" FOREIGN KEY ("tenant_id", "address_space_id") REFERENCES "address_space"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "enforcement_point" ADD CONSTRAINT "enforcement_point_tenant_id_push_secret_id_fkey" FOREIGN KEY ("tenant_id", "push_secret_id") REFERENCES "sealed_secret"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- CreateTable
CREATE TABLE "push_progress" (
    "tenant_id" UUID NOT NULL,
    "enforcement_point_id" UUID NOT NULL,
    "progress" JSONB,
    "state" JSONB,
    "state_at" TIMESTAMPTZ(3),
    "resync_asked_at" TIMESTAMPTZ(3),

    CONSTRAINT "push_progress_pkey" PRIMARY KEY ("tenant_id","enforcement_point_id")
);

-- CreateTable
CREATE TABLE "push_told" (
    "tenant_id" UUID NOT NULL,
    "enforcement_point_id" UUID NOT NULL,
    "ip" TEXT NOT NULL,
    "round" INTEGER NOT NULL,

    CONSTRAINT "push_told_pkey" PRIMARY KEY ("tenant_id","enforcement_point_id","ip")
);

-- CreateIndex
CREATE INDEX "push_told_tenant_id_enforcement_point_id_round_idx" ON "push_told"("tenant_id", "enforcement_point_id", "round");

-- AddForeignKey
ALTER TABLE "push_progress" ADD CONSTRAINT "push_progress_tenant_id_enforcement_point_id_fkey" FOREIGN KEY ("tenant_id", "enforcement_point_id") REFERENCES "enforcement_point"("tenant_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "push_told" ADD CONSTRAINT "push_told_tenant_id_enforcement_point_id_fkey" FOREIGN KEY ("tenant_id", "enforcement_point_id") REFERENCES "enforcement_point"("tenant_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['srx_profile', 'address_mark', 'suggestion', 'push_progress', 'push_told'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format(
            'CREATE POLICY tenant ON %I USING (tenant_id = nullif(current_setting(''app.tenant'', true), '''')::uuid) WITH CHECK (tenant_id = nullif(current_setting(''app.tenant'', true), '''')::uuid)', name);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO rollcall_app', name);
    END LOOP;
END
$$;

-- What one record changed has one revision.
ALTER TABLE "change_feed" DROP CONSTRAINT "change_feed_pkey", ADD CONSTRAINT "change_feed_pkey" PRIMARY KEY ("tenant_id", "revision", "address_space_id", "ip");
