"use client";

import { Button } from "@rollcall/ui/button";
import { KeyValue, Mono, Panel } from "@rollcall/ui/layout";
import { Notice } from "@rollcall/ui/notice";
import { type State, StateChip } from "@rollcall/ui/state";
import { Time, TimeAgo } from "@rollcall/ui/time";
import { say } from "@rollcall/ui/toast";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import Link from "next/link";
import { useState } from "react";
import { ProfileDrawer } from "~/features/profiles/profile-drawer.tsx";
import { useCustomer } from "~/features/shell/customer-context.tsx";
import { useTRPC } from "~/trpc/client.tsx";
import { refusalOf } from "~/trpc/refusal.ts";
import { darkInWords } from "./dark-words.ts";
import type { Point } from "./point-values.ts";

const LEARN_STATE: Readonly<
  Record<Point["learning"][number]["state"], { readonly state: State; readonly word: string }>
> = {
  trying: { state: "busy", word: "Trying" },
  understood: { state: "ok", word: "Understood" },
  exhausted: { state: "bad", word: "None understood" },
};

/** How a firewall is answered: by which profile, with which fail-safe, and what its learning has come to. */
export function Answering({ point, canWrite }: { point: Point; canWrite: boolean }) {
  const customer = useCustomer();
  const [shown, setShown] = useState<string | null>(null);
  return (
    <Panel
      title="How it is answered"
      tools={canWrite ? <LearnButtons point={point} /> : undefined}
      id="how-it-is-answered"
    >
      <div className="flex flex-col gap-3">
        <KeyValue
          rows={[
            {
              key: "Profile",
              testId: "point-profile",
              value: (
                <span className="inline-flex flex-wrap items-center gap-x-3">
                  <span className="font-semibold">{point.profileName}</span>
                  <Button variant="quiet" size="inline" onClick={() => setShown(point.profile)}>
                    Show how it answers
                  </Button>
                  <Link
                    className="rounded-sm text-accent hover:underline"
                    href={`/c/${customer.slug}/profiles`}
                  >
                    All profiles
                  </Link>
                </span>
              ),
            },
            {
              key: "When sources are dark",
              value: `People they named are ${darkInWords(point)}`,
              testId: "point-dark",
            },
            {
              key: "Logons it reports",
              value:
                point.mayReport.length === 0 ? (
                  "Its own word is not taken"
                ) : (
                  <>
                    Taken for <Mono>{point.mayReport.join(", ")}</Mono>
                  </>
                ),
            },
            {
              key: "Told everything again",
              value: point.reannounceMinutes === 0 ? "Never" : `Every ${point.reannounceMinutes} minutes`,
            },
          ]}
        />
        {point.learning.length === 0 ? null : <Learned point={point} canWrite={canWrite} />}
      </div>
      <ProfileDrawer id={shown} onClose={() => setShown(null)} />
    </Panel>
  );
}

/** Over the whole page while it learns: what a firewall is told then changes by itself. */
export function LearnBanner({ point }: { point: Point }) {
  if (point.learnUntil === null) return null;
  const understood = point.learning.find((one) => one.state === "understood");
  const exhausted = point.learning.find((one) => one.state === "exhausted");
  return (
    <Notice
      tone={exhausted !== undefined ? "warn" : "busy"}
      live
      title={
        <>
          Learning until <Time at={point.learnUntil} />
        </>
      }
    >
      {understood !== undefined
        ? "It understands one of the profiles: use that one, and learning can end."
        : exhausted !== undefined
          ? "It was answered in every way we know and understood none. Its answers have to be recorded: see the relay."
          : "It is answered by one profile after the other until it shows that it understood."}{" "}
      <a className="rounded-sm font-semibold whitespace-nowrap underline" href="#how-it-is-answered">
        See what it has come to
      </a>
    </Notice>
  );
}

function LearnButtons({ point }: { point: Point }) {
  const customer = useCustomer();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const learn = useMutation(
    trpc.points.learn.mutationOptions({
      onSuccess: async (saved) => {
        say(saved.learnUntil === null ? "Learning has ended." : "It learns from its next question on.");
        await queryClient.invalidateQueries(trpc.points.pathFilter());
      },
    }),
  );
  const start = (hours: number) => learn.mutate({ customer: customer.slug, id: point.id, hours });
  return (
    <span className="flex flex-wrap items-center gap-2">
      {learn.isError ? (
        <span className="text-sm text-bad-ink" role="alert">
          {refusalOf(learn.error).message}
        </span>
      ) : null}
      {point.learnUntil !== null ? (
        <Button size="small" busy={learn.isPending} onClick={() => start(0)}>
          Stop learning
        </Button>
      ) : (
        <>
          <span className="text-sm text-ink-2" id="learn-for">
            Learn for
          </span>
          {[1, 4, 24].map((hours) => (
            <Button
              key={hours}
              size="small"
              disabled={learn.isPending}
              aria-label={`Learn for ${hours} h`}
              onClick={() => start(hours)}
            >
              {hours} h
            </Button>
          ))}
        </>
      )}
    </span>
  );
}

function Learned({ point, canWrite }: { point: Point; canWrite: boolean }) {
  const customer = useCustomer();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const profiles = useQuery(trpc.profiles.list.queryOptions({ customer: customer.slug }));
  const nameOf = (id: string) => profiles.data?.items.find((one) => one.id === id)?.name ?? id;
  const use = useMutation(
    trpc.points.update.mutationOptions({
      onSuccess: async () => {
        say("It is answered by that profile from now on.");
        await queryClient.invalidateQueries(trpc.points.pathFilter());
      },
    }),
  );
  return (
    <section aria-label="What learning has come to" className="flex flex-col gap-2 border-t border-line pt-3">
      <h3 className="text-sm font-semibold">What learning has come to</h3>
      <ul className="flex flex-col gap-2 text-sm">
        {point.learning.map((one) => (
          <li
            key={one.agent}
            className="flex flex-wrap items-center gap-x-3 gap-y-1"
            data-testid="learn-state"
            data-state={one.state}
          >
            <StateChip {...LEARN_STATE[one.state]} />
            <span>
              {nameOf(one.profile)} at {one.agent}, <TimeAgo at={one.since} />
            </span>
            <span className="text-ink-3">
              {one.tried.length === 1 ? "1 tried" : `${one.tried.length} tried`}
            </span>
            {canWrite && one.state === "understood" && one.profile !== point.profile ? (
              <Button
                size="small"
                variant="primary"
                busy={use.isPending}
                onClick={() =>
                  use.mutate({ customer: customer.slug, id: point.id, changes: { profile: one.profile } })
                }
              >
                Use this profile
              </Button>
            ) : null}
          </li>
        ))}
      </ul>
      {use.isError ? (
        <p role="alert" className="text-sm text-bad-ink">
          {refusalOf(use.error).message}
        </p>
      ) : null}
    </section>
  );
}
