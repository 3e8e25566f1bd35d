"use client";

import { say } from "@rollcall/ui/toast";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useCustomer } from "~/features/shell/customer-context.tsx";
import { useTRPC } from "~/trpc/client.tsx";
import type { Inputs } from "~/trpc/outputs.ts";
import { type Refusal, refusalOf } from "~/trpc/refusal.ts";

type Changes = Inputs["settings"]["update"]["changes"];

/** Saves one part of the settings; the rest stays as it is. */
export function useSaveSettings(): {
  readonly save: (changes: Changes) => void;
  readonly isSaving: boolean;
  readonly refusal: Refusal | null;
} {
  const customer = useCustomer();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const update = useMutation(
    trpc.settings.update.mutationOptions({
      onSuccess: async () => {
        say("Saved. Agents obey within seconds.");
        await queryClient.invalidateQueries({ queryKey: trpc.pathKey() });
      },
    }),
  );
  return {
    save: (changes) => update.mutate({ customer: customer.slug, changes }),
    isSaving: update.isPending,
    refusal: update.isError ? refusalOf(update.error) : null,
  };
}
