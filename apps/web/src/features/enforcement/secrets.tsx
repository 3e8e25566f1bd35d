"use client";

import { Button } from "@rollcall/ui/button";
import { ConfirmDialog } from "@rollcall/ui/dialog";
import { Mono, Panel } from "@rollcall/ui/layout";
import { type State, StateChip } from "@rollcall/ui/state";
import { Table } from "@rollcall/ui/table";
import { Time } from "@rollcall/ui/time";
import { say } from "@rollcall/ui/toast";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useCustomer } from "~/features/shell/customer-context.tsx";
import { useTRPC } from "~/trpc/client.tsx";
import { refusalOf } from "~/trpc/refusal.ts";
import type { Point } from "./point-values.ts";

const SECRET_STATE: Readonly<
  Record<Point["secrets"][number]["state"], { readonly state: State; readonly word: string }>
> = {
  current: { state: "ok", word: "In use" },
  overlapping: { state: "busy", word: "Old, still valid" },
  expired: { state: "off", word: "Ended" },
  revoked: { state: "off", word: "Revoked" },
};

/** Client secrets of a firewall: which are valid, until when, and how to end one. */
export function Secrets({ point, canRevoke }: { point: Point; canRevoke: boolean }) {
  const customer = useCustomer();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [revoking, setRevoking] = useState<Point["secrets"][number] | null>(null);
  const revoke = useMutation(
    trpc.points.revokeSecret.mutationOptions({
      onSuccess: async () => {
        say("The secret is refused from now on.");
        setRevoking(null);
        await queryClient.invalidateQueries(trpc.points.pathFilter());
      },
    }),
  );
  return (
    <Panel title="Secrets" flush>
      <Table
        caption="Client secrets, newest first"
        inset
        rows={point.secrets}
        rowKey={(row) => row.id}
        rowTestId="secret-row"
        columns={[
          { key: "made", header: "Made", phone: "lead", cell: (row) => <Time at={row.createdAt} /> },
          {
            key: "origin",
            header: "Made by",
            cell: (row) => (row.origin === "made" ? "us" : "a person"),
          },
          { key: "client", header: "Client id", phone: "line", cell: () => <Mono>{point.clientId}</Mono> },
          {
            key: "state",
            header: "State",
            phoneLabel: "",
            cell: (row) => <StateChip {...SECRET_STATE[row.state]} />,
          },
          {
            key: "end",
            header: "Ends",
            cell: (row) => <Time at={row.revokedAt ?? row.expiresAt} none="open" />,
          },
          {
            key: "do",
            header: "Actions",
            headerHidden: true,
            align: "end",
            phoneLabel: "",
            cell: (row) =>
              canRevoke && (row.state === "current" || row.state === "overlapping") ? (
                <Button size="small" variant="danger" onClick={() => setRevoking(row)}>
                  Revoke
                </Button>
              ) : null,
          },
        ]}
      />
      <ConfirmDialog
        open={revoking !== null}
        onOpenChange={(open) => {
          if (!open) {
            revoke.reset();
            setRevoking(null);
          }
        }}
        title={`Revoke this secret of ${point.name}?`}
        confirmLabel={`Revoke secret of ${customer.name}`}
        busy={revoke.isPending}
        error={revoke.isError ? refusalOf(revoke.error).message : undefined}
        onConfirm={() => {
          if (revoking !== null)
            revoke.mutate({ customer: customer.slug, id: point.id, secretId: revoking.id });
        }}
      >
        <p>Agent and cloud refuse it within 5 seconds, and every token made with it.</p>
        {revoking?.state === "current" ? (
          <p>
            The firewall uses it now. Until it has another, it is told nothing; what it knows runs out there.
            Rotate instead, to change it in peace.
          </p>
        ) : null}
      </ConfirmDialog>
    </Panel>
  );
}
