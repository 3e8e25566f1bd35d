"use client";

import { Button } from "@rollcall/ui/button";
import { FormErrors, TextField } from "@rollcall/ui/field";
import type { State } from "@rollcall/ui/state";
import { useMutation, useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useForm } from "react-hook-form";
import { JunosPanel } from "~/features/enforcement/junos-panel.tsx";
import { EMPTY_POINT, pointFields } from "~/features/enforcement/point-values.ts";
import { SecretOnce } from "~/features/enforcement/secret-once.tsx";
import { useAddPoint } from "~/features/enforcement/use-add-point.ts";
import { entriesOf } from "~/features/form/entries.ts";
import { LIVE } from "~/features/live/live-options.ts";
import { useCustomer } from "~/features/shell/customer-context.tsx";
import { useMay } from "~/features/shell/may.tsx";
import { useTRPC } from "~/trpc/client.tsx";
import type { Outputs } from "~/trpc/outputs.ts";
import { fieldError, refusalOf } from "~/trpc/refusal.ts";
import { OutOfTurn } from "./out-of-turn.tsx";
import { StepSection } from "./step-section.tsx";

/** The firewall: its address, then the lines to paste, then what it does. */
export function FirewallStep({
  number,
  view,
  isNext,
}: {
  number: number;
  view: Outputs["setup"]["get"];
  isNext: boolean;
}) {
  const customer = useCustomer();
  const trpc = useTRPC();
  const mayWrite = useMay("point:write");
  const mayRead = useMay("point:read");
  const has = view.has.enforcementPoints > 0;
  const add = useAddPoint(() => {});
  const list = useQuery(
    trpc.points.list.queryOptions(
      { customer: customer.slug },
      { ...LIVE, refetchInterval: 5_000, enabled: mayRead && has },
    ),
  );
  const id = add.data?.id ?? list.data?.items[0]?.id;
  const point = useQuery(
    trpc.points.get.queryOptions(
      { customer: customer.slug, id: id ?? "" },
      { ...LIVE, refetchInterval: 4_000, enabled: id !== undefined },
    ),
  ).data;
  const state: State = point?.health.state ?? (has ? "unknown" : "never");
  return (
    <StepSection
      number={number}
      title="Firewall"
      state={state}
      sentence={
        point?.health.sentence ??
        (has
          ? "A firewall stands."
          : "It asks who is behind an address. Client id and secret are made for it.")
      }
    >
      {point !== undefined ? (
        <>
          <SecretOnce pointId={point.id} />
          <JunosPanel point={point} />
          <p className="text-sm">
            <Link
              href={`/c/${customer.slug}/enforcement/${point.id}`}
              className="rounded-sm text-accent underline-offset-2 hover:underline"
            >
              {point.name}: everything about it
            </Link>
          </p>
        </>
      ) : !has && mayWrite ? (
        <OutOfTurn isNext={isNext} label="Add a firewall now">
          <FirewallForm add={add} />
        </OutOfTurn>
      ) : null}
    </StepSection>
  );
}

interface Values {
  readonly address: string;
  readonly agentNames: string;
}

function FirewallForm({ add }: { add: ReturnType<typeof useAddPoint> }) {
  const customer = useCustomer();
  const trpc = useTRPC();
  const agents = useQuery(trpc.agents.list.queryOptions({ customer: customer.slug }, LIVE));
  const agent = agents.data?.items.find((each) => each.state === "active");
  const setNames = useMutation(trpc.agents.setFirewallNames.mutationOptions());
  const known =
    agent === undefined
      ? ""
      : agent.firewallNames.length > 0
        ? agent.firewallNames.join(", ")
        : (agent.hostname ?? "").includes(".")
          ? (agent.hostname ?? "")
          : "";
  const { register, handleSubmit, formState } = useForm<Values>({
    values: { address: "", agentNames: known },
    resetOptions: { keepDirtyValues: true },
  });
  const refusal = add.isError ? refusalOf(add.error) : setNames.isError ? refusalOf(setNames.error) : null;
  const create = async (values: Values) => {
    const names = entriesOf(values.agentNames);
    if (agent !== undefined && names.length > 0 && names.join() !== agent.firewallNames.join()) {
      await setNames.mutateAsync({ customer: customer.slug, id: agent.id, names });
    }
    add.mutate({
      customer: customer.slug,
      ...pointFields({ ...EMPTY_POINT, sourceAddresses: values.address }),
    });
  };
  return (
    <form
      noValidate
      className="flex max-w-[560px] flex-col gap-4"
      onSubmit={(event) => void handleSubmit((values) => create(values).catch(() => undefined))(event)}
    >
      <FormErrors title="Not created" items={refusal === null ? [] : [refusal.message]} />
      <TextField
        label="Firewall address"
        mono
        autoComplete="off"
        spellCheck={false}
        placeholder="10.20.0.1"
        help="Where it asks from, as the agent sees it."
        error={formState.errors.address?.message ?? fieldError(refusal, "sourceAddresses")}
        {...register("address", { required: "Write the firewall's address." })}
      />
      {agent === undefined ? null : (
        <TextField
          label={`Firewalls reach ${agent.name} as`}
          note="optional"
          mono
          autoComplete="off"
          spellCheck={false}
          placeholder="id1.castell.example"
          help="A full DNS name or an address. Left empty, the lines name the cloud only; you can add the agent later."
          error={fieldError(refusal, "names")}
          {...register("agentNames")}
        />
      )}
      <div>
        <Button type="submit" variant="accent" busy={add.isPending || setNames.isPending}>
          Create
        </Button>
      </div>
    </form>
  );
}
