-- Shares whose use counts, for each event log; the probe asks after events that name no user.

-- AlterTable
ALTER TABLE "event_source" ADD COLUMN     "shares" TEXT[] DEFAULT ARRAY[]::TEXT[];

-- AlterTable
ALTER TABLE "pc_probe" ADD COLUMN     "on_event_without_user" BOOLEAN NOT NULL DEFAULT true;
