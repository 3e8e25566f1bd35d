"use client";

import { FormErrors, TextField } from "@rollcall/ui/field";
import { say } from "@rollcall/ui/toast";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { useForm } from "react-hook-form";
import { FormDrawer } from "~/features/form/form-drawer.tsx";
import { browserZone, TimeZoneField } from "~/features/form/time-zone-field.tsx";
import { useTRPC } from "~/trpc/client.tsx";
import { fieldError, type Refusal, refusalOf } from "~/trpc/refusal.ts";

interface Values {
  readonly name: string;
  readonly adDomain: string;
  readonly siteName: string;
  readonly timeZone: string;
}

const FORM_ID = "add-customer";

/** Four fields, two of them filled in; afterwards the set-up page of the new customer. */
export default function AddCustomerDrawer({
  open,
  onOpenChange,
}: {
  open: boolean;
  onOpenChange: (open: boolean) => void;
}) {
  const trpc = useTRPC();
  const router = useRouter();
  const queryClient = useQueryClient();
  const add = useMutation(
    trpc.customers.add.mutationOptions({
      onSuccess: async (added) => {
        say(`Added ${added.name}.`);
        router.push(`/c/${added.slug}/set-up`);
        await queryClient.invalidateQueries(trpc.customers.pathFilter());
      },
    }),
  );
  return (
    <FormDrawer
      open={open}
      saving={add}
      onClose={() => onOpenChange(false)}
      title="Add customer"
      description="The rest is set up on the next page, step by step."
      formId={FORM_ID}
      submitLabel="Create"
      alsoBusy={add.isSuccess}
    >
      <AddCustomerForm
        refusal={add.isError ? refusalOf(add.error) : null}
        onSubmit={(values) =>
          add.mutate({
            ...values,
            adDomain: values.adDomain.trim() === "" ? undefined : values.adDomain.trim(),
          })
        }
      />
    </FormDrawer>
  );
}

function AddCustomerForm({
  refusal,
  onSubmit,
}: {
  refusal: Refusal | null;
  onSubmit: (values: Values) => void;
}) {
  const { register, handleSubmit, formState } = useForm<Values>({
    defaultValues: { name: "", adDomain: "", siteName: "Main site", timeZone: browserZone() },
  });
  const errorOf = (name: keyof Values) => formState.errors[name]?.message ?? fieldError(refusal, name);
  return (
    <form
      id={FORM_ID}
      noValidate
      className="flex flex-col gap-4"
      onSubmit={(event) => void handleSubmit(onSubmit)(event)}
    >
      <FormErrors title="Not added" items={refusal === null ? [] : [refusal.message]} />
      <TextField
        label="Customer name"
        autoComplete="off"
        autoFocus
        error={errorOf("name")}
        {...register("name", { required: "Write a name." })}
      />
      <TextField
        label="Main AD domain"
        note="optional"
        placeholder="castell.example"
        autoComplete="off"
        spellCheck={false}
        error={errorOf("adDomain")}
        help="Filled into directories and Junos lines later; it can be read from the directory too."
        {...register("adDomain")}
      />
      <TextField
        label="First site"
        autoComplete="off"
        error={errorOf("siteName")}
        {...register("siteName", { required: "A site needs a name." })}
      />
      <TimeZoneField
        label="Time zone"
        error={errorOf("timeZone")}
        {...register("timeZone", { required: "Choose a time zone." })}
      />
    </form>
  );
}
