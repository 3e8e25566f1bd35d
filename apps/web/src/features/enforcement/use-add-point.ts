"use client";

import { say } from "@rollcall/ui/toast";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTRPC } from "~/trpc/client.tsx";
import { holdSecret } from "./held-secret.ts";

/** Adds a firewall; a secret that was made for it stays in this tab's memory. Used by the list and by the set-up. */
export function useAddPoint(onAdded: (id: string) => void) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  return useMutation(
    trpc.points.add.mutationOptions({
      onSuccess: async (added) => {
        if (added.clientSecret !== null) holdSecret(added.id, added.clientSecret);
        say(`Added ${added.name}.`);
        onAdded(added.id);
        await queryClient.invalidateQueries({ queryKey: trpc.pathKey() });
      },
    }),
  );
}
