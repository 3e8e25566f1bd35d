"use client";

import { useQueryClient } from "@tanstack/react-query";
import { useSubscription } from "@trpc/tanstack-react-query";
import {
  createContext,
  type ReactNode,
  useCallback,
  useContext,
  useEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import { useTRPC } from "~/trpc/client.tsx";
import { useLeader } from "./leader.ts";

type Topic = "portal" | "feed" | "config" | "commands";

export interface LiveState {
  readonly state: "connecting" | "live" | "paused";
  /** When the last word came over the connection, epoch ms; null before the first. */
  readonly lastAt: number | null;
  readonly reconnect: () => void;
}

const LiveContext = createContext<LiveState>({ state: "connecting", lastAt: null, reconnect: () => {} });

export function useLiveState(): LiveState {
  return useContext(LiveContext);
}

type Message =
  | { readonly kind: "tick"; readonly topic: Topic; readonly at: number }
  | { readonly kind: "state"; readonly state: LiveState["state"]; readonly lastAt: number | null }
  | { readonly kind: "ask" };

/** Ticks of one topic within this time count as one: a busy customer must not turn into a question a millisecond. */
const GATHER_MS = 700;

/**
 * Keeps what is on screen true: the API says *that* something changed, and the queries on screen ask again.
 * One tab of the browser holds the connection (see `useLeader`), the others hear it from there.
 */
export function LiveProvider({ customer, children }: { customer?: string; children: ReactNode }) {
  const channelName = `rollcall-live:${customer ?? "all"}`;
  const leads = useLeader(channelName);
  const [heard, setHeard] = useState<{ state: LiveState["state"]; lastAt: number | null }>({
    state: "connecting",
    lastAt: null,
  });
  const channel = useRef<BroadcastChannel>(undefined);
  const refresh = useRefresh();

  const tell = useCallback((message: Message) => channel.current?.postMessage(message), []);
  const lastAt = useRef<number | null>(null);

  const trpc = useTRPC();
  const subscription = useSubscription(
    trpc.live.changes.subscriptionOptions(customer === undefined ? {} : { customer }, {
      enabled: leads,
      onData: ({ data }) => {
        lastAt.current = Date.now();
        refresh(data.topic);
        tell({ kind: "tick", topic: data.topic, at: lastAt.current });
      },
    }),
  );
  const ownState: LiveState["state"] =
    subscription.status === "pending"
      ? "live"
      : subscription.status === "error" || subscription.error != null
        ? "paused"
        : "connecting";

  useEffect(() => {
    const opened = typeof BroadcastChannel === "undefined" ? undefined : new BroadcastChannel(channelName);
    channel.current = opened;
    return () => {
      opened?.close();
      channel.current = undefined;
    };
  }, [channelName]);

  // The connection stands again after a break: what happened meanwhile was not heard, so everything is asked once.
  const wasPaused = useRef(false);
  useEffect(() => {
    if (!leads) return;
    if (ownState === "live") {
      lastAt.current = Date.now();
      if (wasPaused.current) refresh("portal");
      wasPaused.current = false;
    } else if (ownState === "paused") wasPaused.current = true;
    tell({ kind: "state", state: ownState, lastAt: lastAt.current });
    setHeard({ state: ownState, lastAt: lastAt.current });
  }, [leads, ownState, refresh, tell]);

  useEffect(() => {
    const opened = channel.current;
    if (opened === undefined) return;
    opened.onmessage = (event: MessageEvent<Message>) => {
      const message = event.data;
      if (message.kind === "ask") {
        if (leads) tell({ kind: "state", state: ownState, lastAt: lastAt.current });
      } else if (!leads) {
        if (message.kind === "tick") {
          refresh(message.topic);
          setHeard({ state: "live", lastAt: message.at });
        } else setHeard({ state: message.state, lastAt: message.lastAt });
      }
    };
    if (!leads) tell({ kind: "ask" });
  }, [leads, ownState, refresh, tell]);

  const { reset } = subscription;
  const reconnect = useCallback(() => {
    reset();
    refresh("portal");
  }, [reset, refresh]);
  const value = useMemo(() => ({ ...heard, reconnect }), [heard, reconnect]);
  return <LiveContext value={value}>{children}</LiveContext>;
}

/** Marks the questions that a topic may have changed as old, at most once in `GATHER_MS`. */
function useRefresh(): (topic: Topic) => void {
  const queryClient = useQueryClient();
  const trpc = useTRPC();
  const waiting = useRef(new Set<Topic>());
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);

  useEffect(() => () => clearTimeout(timer.current), []);

  return useCallback(
    (topic: Topic) => {
      waiting.current.add(topic);
      if (timer.current !== undefined) return;
      timer.current = setTimeout(() => {
        timer.current = undefined;
        const topics = waiting.current;
        waiting.current = new Set();
        const filters =
          topics.has("portal") || topics.has("config")
            ? [{ queryKey: trpc.pathKey(), predicate: isNotMyself }]
            : [
                ...(topics.has("feed")
                  ? [
                      trpc.sessions.pathFilter(),
                      trpc.setup.pathFilter(),
                      trpc.customers.pathFilter(),
                      trpc.points.pathFilter(),
                    ]
                  : []),
                ...(topics.has("commands") ? [trpc.commands.pathFilter()] : []),
              ];
        for (const filter of filters) void queryClient.invalidateQueries(filter);
      }, GATHER_MS);
    },
    [queryClient, trpc],
  );
}

function isNotMyself(query: { readonly queryKey: readonly unknown[] }): boolean {
  const path = query.queryKey[0];
  return !(Array.isArray(path) && path[0] === "me");
}
