"use client";

import type { AppRouter } from "@rollcall/api";
import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { createTRPCClient, httpBatchLink, httpSubscriptionLink, splitLink } from "@trpc/client";
import { createTRPCContext } from "@trpc/tanstack-react-query";
import { type ReactNode, useState } from "react";
import superjson from "superjson";
import { requestHeaders } from "./activity.ts";
import { refusalOf } from "./refusal.ts";

export const { TRPCProvider, useTRPC, useTRPCClient } = createTRPCContext<AppRouter>();

/** Nobody is signed in any more: to the door, and back afterwards. */
function leaveIfSignedOut(error: unknown): void {
  if (refusalOf(error).code !== "UNAUTHORIZED") return;
  const from = `${window.location.pathname}${window.location.search}`;
  window.location.assign(`/sign-in?from=${encodeURIComponent(from)}`);
}

function makeQueryClient(): QueryClient {
  return new QueryClient({
    queryCache: new QueryCache({ onError: leaveIfSignedOut }),
    mutationCache: new MutationCache({ onError: leaveIfSignedOut }),
    defaultOptions: {
      queries: {
        staleTime: 2_000,
        // Only what may pass is asked again: a refusal stays a refusal.
        retry: (failures, error) => failures < 2 && refusalOf(error).kind === "no-answer",
        refetchOnWindowFocus: true,
      },
    },
  });
}

let browserQueryClient: QueryClient | undefined;

function queryClientOfThisPlace(): QueryClient {
  if (typeof window === "undefined") return makeQueryClient();
  browserQueryClient ??= makeQueryClient();
  return browserQueryClient;
}

/** The API for the components below it: one batch a tick for questions, server-sent events for changes. */
export function ApiProvider({ children }: { children: ReactNode }) {
  const queryClient = queryClientOfThisPlace();
  const [client] = useState(() =>
    createTRPCClient<AppRouter>({
      links: [
        splitLink({
          condition: (operation) => operation.type === "subscription",
          true: httpSubscriptionLink({ url: "/api/trpc", transformer: superjson }),
          false: httpBatchLink({
            url: "/api/trpc",
            transformer: superjson,
            maxURLLength: 6000,
            headers: requestHeaders,
          }),
        }),
      ],
    }),
  );
  return (
    <QueryClientProvider client={queryClient}>
      <TRPCProvider trpcClient={client} queryClient={queryClient}>
        {children}
      </TRPCProvider>
    </QueryClientProvider>
  );
}
