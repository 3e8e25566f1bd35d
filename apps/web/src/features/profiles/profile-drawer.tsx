"use client";

import { Button } from "@rollcall/ui/button";
import { CopyButton } from "@rollcall/ui/copy-button";
import { Drawer } from "@rollcall/ui/drawer";
import { Notice } from "@rollcall/ui/notice";
import { useQuery } from "@tanstack/react-query";
import { downloadText } from "~/features/agents/download-text.ts";
import { useCustomer } from "~/features/shell/customer-context.tsx";
import { useTRPC } from "~/trpc/client.tsx";
import { refusalOf } from "~/trpc/refusal.ts";
import { Exchanges } from "./exchanges.tsx";
import { FaultList } from "./fault-list.tsx";
import { Words } from "./words.tsx";

/** One profile: how it answers, and its document to copy from. */
export function ProfileDrawer({
  id,
  onClose,
  onStartFrom,
}: {
  id: string | null;
  onClose: () => void;
  /** Where one can begin a profile of one's own with this one. */
  onStartFrom?: (text: string) => void;
}) {
  const customer = useCustomer();
  const trpc = useTRPC();
  const query = useQuery(
    trpc.profiles.get.queryOptions({ customer: customer.slug, id: id ?? "" }, { enabled: id !== null }),
  );
  const profile = query.data?.id === id ? query.data : undefined;
  return (
    <Drawer
      open={id !== null}
      onOpenChange={(open) => {
        if (!open) onClose();
      }}
      width="wide"
      title={profile?.name ?? "Profile"}
      description={profile === undefined ? undefined : <Words text={profile.note} />}
    >
      {profile === undefined ? (
        query.isError ? (
          <Notice
            tone="bad"
            title="The profile did not come"
            action={<Button onClick={() => void query.refetch()}>Ask again</Button>}
          >
            {refusalOf(query.error).message}
          </Notice>
        ) : (
          <p className="appear-late text-sm text-ink-2" role="status">
            Asking…
          </p>
        )
      ) : (
        <div className="flex flex-col gap-5">
          <div className="flex flex-wrap items-center gap-2">
            <CopyButton text={profile.text} label="Copy document" copied="Copied the document" />
            <Button onClick={() => downloadText(`${fileName(profile.name)}.json`, profile.text)}>
              Download
            </Button>
            {onStartFrom === undefined ? null : (
              <Button onClick={() => onStartFrom(profile.text)}>Start one of your own from it</Button>
            )}
          </div>
          {profile.reading.kind === "read" ? (
            <Exchanges shown={profile.reading} />
          ) : (
            <FaultList
              title="It does not read any more. Firewalls that use it are answered in JSON until it is mended."
              faults={profile.reading.faults}
              text={profile.text}
            />
          )}
        </div>
      )}
    </Drawer>
  );
}

function fileName(name: string): string {
  return (
    name
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, "-")
      .replace(/^-|-$/g, "") || "profile"
  );
}
