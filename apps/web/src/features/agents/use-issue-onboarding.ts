"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTRPC } from "~/trpc/client.tsx";

/** Makes an onboarding file; its answer is the only place where the file ever stands. */
export function useIssueOnboarding() {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  return useMutation(
    trpc.agents.issueOnboarding.mutationOptions({
      onSuccess: () =>
        Promise.all([
          queryClient.invalidateQueries(trpc.agents.pathFilter()),
          queryClient.invalidateQueries(trpc.setup.pathFilter()),
        ]),
    }),
  );
}
