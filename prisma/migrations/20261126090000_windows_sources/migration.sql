-- Windows sources: logins that several sources share, event logs, event forwarding, the probe.

-- No release ever wrote to it, and it gets columns that a row cannot do without.
TRUNCATE "event_source";

-- AlterTable
ALTER TABLE "directory" ADD COLUMN     "credential_id" UUID,
ALTER COLUMN "bind_user" DROP NOT NULL,
ALTER COLUMN "secret_id" DROP NOT NULL;

-- AlterTable
ALTER TABLE "event_source" DROP COLUMN "bind_user",
DROP COLUMN "secret_id",
ADD COLUMN     "address_space_id" UUID NOT NULL,
ADD COLUMN     "credential_id" UUID NOT NULL,
ADD COLUMN     "endpoint_mapper_port" INTEGER NOT NULL DEFAULT 135,
ADD COLUMN     "header_signing" BOOLEAN NOT NULL DEFAULT true,
ADD COLUMN     "lifetime_minutes" INTEGER NOT NULL DEFAULT 480,
ADD COLUMN     "query" TEXT,
ADD COLUMN     "rules_off" TEXT[],
ADD COLUMN     "rules_on" TEXT[],
ADD COLUMN     "updated_at" TIMESTAMPTZ(3) NOT NULL,
ALTER COLUMN "enabled" SET DEFAULT true;

-- CreateTable
CREATE TABLE "credential" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "login_user" TEXT NOT NULL,
    "realm" TEXT,
    "kdcs" TEXT[],
    "allow_ntlm" BOOLEAN NOT NULL DEFAULT false,
    "sealed" JSONB NOT NULL,
    "set_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "credential_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "wef_receiver" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "site_id" UUID NOT NULL,
    "address_space_id" UUID NOT NULL,
    "name" TEXT NOT NULL DEFAULT 'Event forwarding',
    "host" TEXT NOT NULL,
    "port" INTEGER NOT NULL DEFAULT 5986,
    "client_ca_pem" TEXT NOT NULL,
    "allow" TEXT[],
    "channels" TEXT[],
    "query" TEXT,
    "heartbeat_seconds" INTEGER NOT NULL DEFAULT 900,
    "read_existing" BOOLEAN NOT NULL DEFAULT false,
    "compress" BOOLEAN NOT NULL DEFAULT true,
    "lifetime_minutes" INTEGER NOT NULL DEFAULT 480,
    "rules_off" TEXT[],
    "rules_on" TEXT[],
    "enabled" BOOLEAN NOT NULL DEFAULT true,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "wef_receiver_pkey" PRIMARY KEY ("tenant_id","id")
);

-- CreateTable
CREATE TABLE "pc_probe" (
    "tenant_id" UUID NOT NULL,
    "site_id" UUID NOT NULL,
    "address_space_id" UUID NOT NULL,
    "enabled" BOOLEAN NOT NULL DEFAULT false,
    "include" TEXT[],
    "exclude" TEXT[],
    "allow_public" BOOLEAN NOT NULL DEFAULT false,
    "methods" TEXT[],
    "verify_at_expiry" BOOLEAN NOT NULL DEFAULT true,
    "on_unknown_address" BOOLEAN NOT NULL DEFAULT true,
    "hold_if_alive" BOOLEAN NOT NULL DEFAULT false,
    "workers" INTEGER NOT NULL DEFAULT 20,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "pc_probe_pkey" PRIMARY KEY ("tenant_id","site_id")
);

-- CreateTable
CREATE TABLE "pc_probe_credential" (
    "tenant_id" UUID NOT NULL,
    "site_id" UUID NOT NULL,
    "credential_id" UUID NOT NULL,
    "ordinal" INTEGER NOT NULL,

    CONSTRAINT "pc_probe_credential_pkey" PRIMARY KEY ("tenant_id","site_id","credential_id")
);

-- CreateIndex
CREATE UNIQUE INDEX "credential_tenant_id_name_key" ON "credential"("tenant_id", "name");

-- CreateIndex
CREATE UNIQUE INDEX "wef_receiver_tenant_id_site_id_key" ON "wef_receiver"("tenant_id", "site_id");

-- AddForeignKey
ALTER TABLE "directory" ADD CONSTRAINT "directory_tenant_id_credential_id_fkey" FOREIGN KEY ("tenant_id", "credential_id") REFERENCES "credential"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "event_source" ADD CONSTRAINT "event_source_tenant_id_address_space_id_fkey" FOREIGN KEY ("tenant_id", "address_space_id") REFERENCES "address_space"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "event_source" ADD CONSTRAINT "event_source_tenant_id_credential_id_fkey" FOREIGN KEY ("tenant_id", "credential_id") REFERENCES "credential"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "wef_receiver" ADD CONSTRAINT "wef_receiver_tenant_id_site_id_fkey" FOREIGN KEY ("tenant_id", "site_id") REFERENCES "site"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "wef_receiver" ADD CONSTRAINT "wef_receiver_tenant_id_address_space_id_fkey" FOREIGN KEY ("tenant_id", "address_space_id") REFERENCES "address_space"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "pc_probe" ADD CONSTRAINT "pc_probe_tenant_id_site_id_fkey" FOREIGN KEY ("tenant_id", "site_id") REFERENCES "site"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "pc_probe" ADD CONSTRAINT "pc_probe_tenant_id_address_space_id_fkey" FOREIGN KEY ("tenant_id", "address_space_id") REFERENCES "address_space"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "pc_probe_credential" ADD CONSTRAINT "pc_probe_credential_tenant_id_site_id_fkey" FOREIGN KEY ("tenant_id", "site_id") REFERENCES "pc_probe"("tenant_id", "site_id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "pc_probe_credential" ADD CONSTRAINT "pc_probe_credential_tenant_id_credential_id_fkey" FOREIGN KEY ("tenant_id", "credential_id") REFERENCES "credential"("tenant_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- Read with a login of its own, or with a credential, never with both or neither.
ALTER TABLE "directory" ADD CONSTRAINT "directory_one_login_check" CHECK (
    ("credential_id" IS NULL AND "bind_user" IS NOT NULL AND "secret_id" IS NOT NULL)
    OR ("credential_id" IS NOT NULL AND "bind_user" IS NULL AND "secret_id" IS NULL)
);

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['credential', 'wef_receiver', 'pc_probe', 'pc_probe_credential'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format(
            'CREATE POLICY tenant ON %I USING (tenant_id = nullif(current_setting(''app.tenant'', true), '''')::uuid) WITH CHECK (tenant_id = nullif(current_setting(''app.tenant'', true), '''')::uuid)', name);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO rollcall_app', name);
    END LOOP;
END
$$;
