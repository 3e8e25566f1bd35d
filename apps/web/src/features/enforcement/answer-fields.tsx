"use client";

import { ChoiceField, TextAreaField, TextField } from "@rollcall/ui/field";
import { useQuery } from "@tanstack/react-query";
import type { Control, FieldErrors, UseFormRegister } from "react-hook-form";
import { useController } from "react-hook-form";
import { useCustomer } from "~/features/shell/customer-context.tsx";
import { useTRPC } from "~/trpc/client.tsx";
import { fieldError, type Refusal } from "~/trpc/refusal.ts";
import { DARK_CHOICES } from "./dark-words.ts";
import type { PointValues } from "./point-values.ts";

interface Fields {
  readonly control: Control<PointValues>;
  readonly register: UseFormRegister<PointValues>;
  readonly errors: FieldErrors<PointValues>;
  readonly refusal: Refusal | null;
}

/** Which profile writes its answers, and whether it is told everything again after a while. */
export function AnswerFields({ control, register, refusal }: Fields) {
  const customer = useCustomer();
  const trpc = useTRPC();
  const profiles = useQuery(trpc.profiles.list.queryOptions({ customer: customer.slug }));
  const { field } = useController({ control, name: "profile" });
  const items = profiles.data?.items ?? [];
  return (
    <>
      {items.length === 0 ? (
        <p className="text-sm text-ink-2" role="status">
          {profiles.isError ? "The profiles did not come: the choice stays as it is." : "Asking…"}
        </p>
      ) : (
        <ChoiceField
          label="Its answers are written as"
          name="profile"
          value={field.value}
          onChange={field.onChange}
          error={fieldError(refusal, "profile")}
          options={items.map(({ id, name, note }) => ({
            value: id,
            label: name,
            // Marks of code in a sentence are for places that can draw it.
            ...(note === "" ? {} : { help: note.replaceAll("`", "") }),
          }))}
        />
      )}
      <TextField
        label="Tell it everything again"
        note="minutes, 0 never"
        inputMode="numeric"
        help="For firewalls that let entries age out by themselves. Most do not need it."
        error={fieldError(refusal, "reannounceMinutes")}
        {...register("reannounceMinutes")}
      />
    </>
  );
}

/** For which addresses its own word counts. */
export function ReportFields({ register, errors, refusal }: Fields) {
  return (
    <TextAreaField
      label="It may report logons at these addresses"
      note="optional"
      mono
      rows={2}
      spellCheck={false}
      placeholder="10.20.64.0/20"
      help="Captive portal and Secure Connect: who signed in at the firewall itself. Its word then counts as strongly as a tunnel's, so name only the networks that it signs people in to: whoever has its secret could put a name on any of these addresses. Empty: its word is not taken."
      error={errors.mayReport?.message ?? fieldError(refusal, "mayReport")}
      {...register("mayReport")}
    />
  );
}

/** What becomes of people whose source cannot be heard. */
export function DarkFields({ control, register, refusal, isNew }: Fields & { isNew: boolean }) {
  const { field } = useController({ control, name: "whenSourcesDark" });
  return (
    <>
      <ChoiceField
        label="When a source cannot be heard, the people it named are"
        name="whenSourcesDark"
        value={field.value}
        onChange={field.onChange}
        error={fieldError(refusal, "whenSourcesDark")}
        options={[
          ...(isNew ? [{ value: "", label: "As the customer's settings say" }] : []),
          ...DARK_CHOICES,
        ]}
      />
      {field.value === "shorten" ? (
        <TextField
          label="Kept for"
          note="minutes, 1 to 1440"
          inputMode="numeric"
          error={fieldError(refusal, "darkMinutes")}
          {...register("darkMinutes")}
        />
      ) : null}
    </>
  );
}
