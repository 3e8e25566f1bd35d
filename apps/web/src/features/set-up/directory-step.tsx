"use client";

import { Button } from "@rollcall/ui/button";
import type { State } from "@rollcall/ui/state";
import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useState } from "react";
import { TestRun } from "~/features/commands/test-run.tsx";
import { useAddDirectory } from "~/features/directories/directories.tsx";
import { DirectoryForm, directoryFields, emptyDirectory } from "~/features/directories/directory-form.tsx";
import { LIVE } from "~/features/live/live-options.ts";
import { useCustomer } from "~/features/shell/customer-context.tsx";
import { useMay } from "~/features/shell/may.tsx";
import { useTRPC } from "~/trpc/client.tsx";
import type { Outputs } from "~/trpc/outputs.ts";
import { refusalOf } from "~/trpc/refusal.ts";
import { OutOfTurn } from "./out-of-turn.tsx";
import { StepSection } from "./step-section.tsx";

/** Where names and groups come from. Its password is sealed for the agent, so the agent has to be there first. */
export function DirectoryStep({
  number,
  view,
  sites,
  isAgentThere,
  isNext,
}: {
  number: number;
  view: Outputs["setup"]["get"];
  sites: Outputs["sites"]["list"]["items"];
  isAgentThere: boolean;
  isNext: boolean;
}) {
  const customer = useCustomer();
  const trpc = useTRPC();
  const mayWrite = useMay("source:write");
  const mayTest = useMay("source:test");
  const mayRead = useMay("source:read");
  const [addedId, setAddedId] = useState<string | null>(null);
  const add = useAddDirectory(setAddedId);
  const list = useQuery(
    trpc.directories.list.queryOptions(
      { customer: customer.slug },
      { ...LIVE, refetchInterval: 5_000, enabled: mayRead && view.has.directories > 0 },
    ),
  );
  const directories = list.data?.items ?? [];
  const shown = directories.find((each) => each.id === addedId) ?? directories[0];
  const state: State =
    shown !== undefined ? shown.health.state : view.has.directories > 0 ? "unknown" : "never";
  return (
    <StepSection
      number={number}
      title="Directory"
      state={state}
      sentence={
        shown !== undefined
          ? shown.health.sentence
          : view.has.directories > 0
            ? "A directory stands."
            : isAgentThere
              ? "Names and groups come from it."
              : "Waits for the agent: the password is sealed so that only the agent can open it."
      }
    >
      {shown !== undefined ? (
        <div className="flex flex-col gap-3">
          {mayTest ? (
            <TestRun source={{ kind: "directory", id: shown.id }} auto={shown.id === addedId} />
          ) : null}
          <p className="text-sm">
            <Link
              href={`/c/${customer.slug}/directories?id=${shown.id}`}
              className="rounded-sm text-accent underline-offset-2 hover:underline"
            >
              {shown.name}: see or change it
            </Link>
          </p>
        </div>
      ) : view.has.directories === 0 && isAgentThere && mayWrite ? (
        <OutOfTurn isNext={isNext} label="Add a directory now">
          <div className="flex flex-col gap-4">
            <DirectoryForm
              formId="set-up-directory"
              isNew
              initial={emptyDirectory(sites[0]?.id ?? "", customer.adDomain)}
              sites={sites}
              refusal={add.isError ? refusalOf(add.error) : null}
              onSubmit={(values) =>
                add.mutate({
                  customer: customer.slug,
                  siteId: values.siteId,
                  ...directoryFields(values),
                  password: values.password,
                })
              }
            />
            <div>
              <Button type="submit" form="set-up-directory" variant="accent" busy={add.isPending}>
                Save and test
              </Button>
            </div>
          </div>
        </OutOfTurn>
      ) : null}
    </StepSection>
  );
}
