-- How long a session of the probe lasts: agents knew it, the portal could not say it.

-- AlterTable
ALTER TABLE "pc_probe" ADD COLUMN     "lifetime_minutes" INTEGER NOT NULL DEFAULT 480;
