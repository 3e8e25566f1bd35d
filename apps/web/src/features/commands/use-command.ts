"use client";

import { skipToken, useMutation, useQuery } from "@tanstack/react-query";
import { useCustomer } from "~/features/shell/customer-context.tsx";
import { useTRPC } from "~/trpc/client.tsx";
import type { Inputs, Outputs } from "~/trpc/outputs.ts";

export type CommandView = Outputs["commands"]["get"];
export type Command = Inputs["commands"]["start"]["command"];

const FINAL: readonly CommandView["state"][] = ["done", "failed", "refused", "expired"];

export function isFinal(state: CommandView["state"]): boolean {
  return FINAL.includes(state);
}

/**
 * Asks an agent something and follows the answer. The portal cannot reach into a site: the agent fetches the question,
 * so the answer comes a moment later.
 */
export function useCommand() {
  const customer = useCustomer();
  const trpc = useTRPC();
  const start = useMutation(trpc.commands.start.mutationOptions());
  const id = start.data?.id;
  const followed = useQuery(
    trpc.commands.get.queryOptions(id === undefined ? skipToken : { customer: customer.slug, id }, {
      // The event stream rings too; the interval is for when it does not.
      refetchInterval: (query) =>
        query.state.data !== undefined && isFinal(query.state.data.state) ? false : 800,
    }),
  );
  return {
    start: (command: Command, agentId?: string) =>
      start.mutate({ customer: customer.slug, command, ...(agentId === undefined ? {} : { agentId }) }),
    reset: start.reset,
    view: id === undefined ? undefined : followed.data,
    agentName: start.data?.agent.name,
    startedAt: start.data === undefined ? undefined : start.submittedAt,
    error: start.error ?? followed.error,
    isRunning:
      start.isPending || (id !== undefined && (followed.data === undefined || !isFinal(followed.data.state))),
  };
}
