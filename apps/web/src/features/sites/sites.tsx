"use client";

import { Button } from "@rollcall/ui/button";
import { FormErrors, TextAreaField, TextField } from "@rollcall/ui/field";
import { Dash, Mono, PageHead } from "@rollcall/ui/layout";
import { Table } from "@rollcall/ui/table";
import { Time } from "@rollcall/ui/time";
import { say } from "@rollcall/ui/toast";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { parseAsBoolean, useQueryState } from "nuqs";
import { useForm } from "react-hook-form";
import { entriesOf } from "~/features/form/entries.ts";
import { FormDrawer } from "~/features/form/form-drawer.tsx";
import { TimeZoneField } from "~/features/form/time-zone-field.tsx";
import { StaleNotice } from "~/features/live/freshness.tsx";
import { useCustomer } from "~/features/shell/customer-context.tsx";
import { useMay } from "~/features/shell/may.tsx";
import { useTRPC } from "~/trpc/client.tsx";
import type { Outputs } from "~/trpc/outputs.ts";
import { fieldError, type Refusal, refusalOf } from "~/trpc/refusal.ts";

/** Where a customer's networks are. */
export function Sites({ initial }: { initial: Outputs["sites"]["list"] }) {
  const customer = useCustomer();
  const trpc = useTRPC();
  const mayWrite = useMay("site:write");
  const [adding, setAdding] = useQueryState("add", parseAsBoolean.withDefault(false));
  const query = useQuery(trpc.sites.list.queryOptions({ customer: customer.slug }, { initialData: initial }));
  const { items, addressSpaces } = query.data;
  return (
    <>
      <PageHead
        title="Sites"
        summary={`${items.length === 1 ? "1 site" : `${items.length} sites`} · address ${addressSpaces.length === 1 ? "space" : "spaces"}: ${addressSpaces.map((space) => space.name).join(", ")}`}
        actions={
          mayWrite ? (
            <Button variant="primary" onClick={() => void setAdding(true)}>
              Add site
            </Button>
          ) : undefined
        }
      />
      <div className="px-4 pb-3 empty:hidden sm:px-6">
        <StaleNotice query={query} what="Sites" />
      </div>
      <Table
        caption="Sites"
        rows={items}
        rowKey={(row) => row.id}
        rowTestId="site-row"
        columns={[
          {
            key: "name",
            header: "Site",
            phone: "lead",
            width: "24%",
            cell: (row) => <span className="font-semibold">{row.name}</span>,
          },
          { key: "zone", header: "Time zone", cell: (row) => row.timeZone },
          {
            key: "subnets",
            header: "Subnets",
            phone: "line",
            width: "40%",
            cell: (row) => (row.subnets.length === 0 ? <Dash /> : <Mono>{row.subnets.join(", ")}</Mono>),
          },
          { key: "agents", header: "Agents", align: "end", cell: (row) => row.agents },
          {
            key: "created",
            header: "Added",
            align: "end",
            phone: "hide",
            cell: (row) => <Time at={row.createdAt} />,
          },
        ]}
      />
      {mayWrite ? (
        <AddSiteDrawer open={adding} onOpenChange={(open) => void setAdding(open ? true : null)} />
      ) : null}
    </>
  );
}

interface Values {
  readonly name: string;
  readonly timeZone: string;
  readonly subnets: string;
}

function AddSiteDrawer({ open, onOpenChange }: { open: boolean; onOpenChange: (open: boolean) => void }) {
  const customer = useCustomer();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const add = useMutation(
    trpc.sites.add.mutationOptions({
      onSuccess: async (site) => {
        say(`Added the site ${site.name}.`);
        onOpenChange(false);
        await queryClient.invalidateQueries(trpc.sites.pathFilter());
      },
    }),
  );
  return (
    <FormDrawer
      open={open}
      saving={add}
      onClose={() => onOpenChange(false)}
      title="Add site"
      formId="add-site"
      submitLabel="Add site"
    >
      <SiteForm
        defaultZone={customer.timeZone}
        refusal={add.isError ? refusalOf(add.error) : null}
        onSubmit={(values) =>
          add.mutate({
            customer: customer.slug,
            name: values.name,
            timeZone: values.timeZone,
            subnets: entriesOf(values.subnets),
          })
        }
      />
    </FormDrawer>
  );
}

function SiteForm({
  defaultZone,
  refusal,
  onSubmit,
}: {
  defaultZone: string;
  refusal: Refusal | null;
  onSubmit: (values: Values) => void;
}) {
  const { register, handleSubmit, formState } = useForm<Values>({
    defaultValues: { name: "", timeZone: defaultZone, subnets: "" },
  });
  const errorOf = (name: keyof Values) => formState.errors[name]?.message ?? fieldError(refusal, name);
  return (
    <form
      id="add-site"
      noValidate
      className="flex flex-col gap-4"
      onSubmit={(event) => void handleSubmit(onSubmit)(event)}
    >
      <FormErrors title="Not added" items={refusal === null ? [] : [refusal.message]} />
      <TextField
        label="Name"
        autoFocus
        autoComplete="off"
        error={errorOf("name")}
        {...register("name", { required: "A site needs a name." })}
      />
      <TimeZoneField
        label="Time zone"
        error={errorOf("timeZone")}
        {...register("timeZone", { required: "Choose a time zone." })}
      />
      <TextAreaField
        label="Subnets"
        note="optional"
        mono
        spellCheck={false}
        placeholder={"10.20.0.0/16\n2001:db8:20::/48"}
        help="One to a line: prefixes, addresses or ranges."
        error={errorOf("subnets")}
        {...register("subnets")}
      />
    </form>
  );
}
