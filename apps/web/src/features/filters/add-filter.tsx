"use client";

import { FormErrors, SelectField, TextField } from "@rollcall/ui/field";
import { say } from "@rollcall/ui/toast";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useForm } from "react-hook-form";
import { FormDrawer } from "~/features/form/form-drawer.tsx";
import { useCustomer } from "~/features/shell/customer-context.tsx";
import { useTRPC } from "~/trpc/client.tsx";
import { fieldError, refusalOf } from "~/trpc/refusal.ts";
import { KINDS } from "./filter-kinds.ts";
import { Verdict } from "./try-box.tsx";
import { type Filter, filterProblem, tryFilters } from "./try-filters.ts";

interface Values {
  readonly kind: Filter["kind"];
  readonly value: string;
  readonly domain: string;
  readonly note: string;
}

/** Adds a filter, after it could be tried. */
export function AddFilter({
  open,
  filters,
  onClose,
  onSaved,
}: {
  open: boolean;
  filters: readonly Filter[];
  onClose: () => void;
  onSaved: () => Promise<unknown>;
}) {
  const customer = useCustomer();
  const trpc = useTRPC();
  const add = useMutation(
    trpc.filters.add.mutationOptions({
      onSuccess: async () => {
        say("Added the filter. Agents take it within seconds.");
        onClose();
        await onSaved();
      },
    }),
  );
  return (
    <FormDrawer
      open={open}
      saving={add}
      onClose={onClose}
      title="Add filter"
      formId="add-filter"
      submitLabel="Add filter"
    >
      <FilterForm
        filters={filters}
        refusal={add.isError ? refusalOf(add.error) : null}
        onSubmit={(values) =>
          add.mutate({
            customer: customer.slug,
            kind: values.kind,
            value: values.value.trim(),
            domain:
              values.kind === "group-include" && values.domain.trim() !== "" ? values.domain.trim() : null,
            note: values.note.trim(),
          })
        }
      />
    </FormDrawer>
  );
}

function FilterForm({
  filters,
  refusal,
  onSubmit,
}: {
  filters: readonly Filter[];
  refusal: ReturnType<typeof refusalOf> | null;
  onSubmit: (values: Values) => void;
}) {
  const { register, handleSubmit, formState, watch, getValues } = useForm<Values>({
    defaultValues: { kind: "principal-exclude", value: "", domain: "", note: "" },
  });
  const { kind, value } = watch();
  const [ip, setIp] = useState("");
  const [user, setUser] = useState("");
  const draft: Filter = {
    id: "draft",
    kind,
    value,
    domain: null,
    note: "",
    enabled: true,
    createdAt: new Date(0),
  };
  const outcome =
    ip.trim() === "" || filterProblem(kind, value) !== null
      ? null
      : tryFilters([...filters, draft], { ip, user, dn: "" });
  return (
    <form
      id="add-filter"
      noValidate
      className="flex flex-col gap-4"
      onSubmit={(event) => void handleSubmit(onSubmit)(event)}
    >
      <FormErrors title="Not added" items={refusal === null ? [] : [refusal.message]} />
      <SelectField
        label="What it does"
        options={KINDS}
        help={KINDS.find((each) => each.value === kind)?.help}
        {...register("kind")}
      />
      <TextField
        label="Value"
        mono
        autoFocus
        autoComplete="off"
        spellCheck={false}
        placeholder={kind.startsWith("ip-") ? "10.20.200.0/24" : "^svc-"}
        error={formState.errors.value?.message ?? fieldError(refusal, "value")}
        {...register("value", { validate: (text) => filterProblem(getValues("kind"), text) ?? true })}
      />
      {kind === "group-include" ? (
        <TextField
          label="Domain"
          note="optional"
          autoComplete="off"
          spellCheck={false}
          error={fieldError(refusal, "domain")}
          {...register("domain")}
        />
      ) : null}
      <TextField
        label="Why"
        note="optional"
        autoComplete="off"
        help="For whoever reads this list in a year."
        {...register("note")}
      />
      <fieldset className="flex flex-col gap-3 border-t border-line pt-4">
        <legend className="sr-only">Try it before it is added</legend>
        <p className="text-sm font-semibold">Try it before it is added</p>
        <div className="grid gap-3 sm:grid-cols-2">
          <TextField
            label="Address to try"
            mono
            autoComplete="off"
            value={ip}
            onChange={(event) => setIp(event.target.value)}
          />
          <TextField
            label="User to try"
            mono
            autoComplete="off"
            value={user}
            onChange={(event) => setUser(event.target.value)}
          />
        </div>
        <p role="status" className="min-h-5 text-sm">
          {outcome === null ? null : <Verdict outcome={outcome} />}
        </p>
      </fieldset>
    </form>
  );
}
