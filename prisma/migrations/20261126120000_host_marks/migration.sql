-- CreateTable
CREATE TABLE "host_mark" (
    "tenant_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "under" TEXT NOT NULL,
    "remote_desktop_only" BOOLEAN NOT NULL DEFAULT false,
    "mode" TEXT NOT NULL DEFAULT 'suppress',
    "pseudo_user" JSONB,
    "note" TEXT NOT NULL DEFAULT '',
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "host_mark_pkey" PRIMARY KEY ("tenant_id","id")
);

ALTER TABLE "host_mark" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "host_mark" FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON "host_mark" USING (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid) WITH CHECK (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON "host_mark" TO rollcall_app;
