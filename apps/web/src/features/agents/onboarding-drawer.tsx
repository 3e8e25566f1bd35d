"use client";

import { Button } from "@rollcall/ui/button";
import { Drawer } from "@rollcall/ui/drawer";
import { FormErrors, SelectField, TextField } from "@rollcall/ui/field";
import { useForm } from "react-hook-form";
import { useCustomer } from "~/features/shell/customer-context.tsx";
import { fieldError, refusalOf } from "~/trpc/refusal.ts";
import { OnboardingTicket } from "./onboarding-ticket.tsx";
import { useIssueOnboarding } from "./use-issue-onboarding.ts";

interface Values {
  readonly siteId: string;
  readonly agentName: string;
  readonly validHours: string;
}

export interface SiteChoice {
  readonly id: string;
  readonly name: string;
}

/** Makes the right to enrol one agent at one site, and shows it once. */
export function OnboardingDrawer({
  open,
  onOpenChange,
  sites,
}: {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  sites: readonly SiteChoice[];
}) {
  const issue = useIssueOnboarding();
  return (
    <Drawer
      open={open}
      onOpenChange={(next) => {
        issue.reset();
        onOpenChange(next);
      }}
      width={issue.isSuccess ? "wide" : "form"}
      title={issue.isSuccess ? "Onboarding file" : "Enrol an agent"}
      description={
        issue.isSuccess
          ? undefined
          : "One file enrols one agent. The agent makes its own key; this file only lets it ask for a certificate."
      }
      footer={
        issue.isSuccess ? (
          <Button variant="primary" onClick={() => onOpenChange(false)}>
            Done
          </Button>
        ) : (
          <>
            <Button onClick={() => onOpenChange(false)}>Cancel</Button>
            <Button type="submit" form="issue-onboarding" variant="accent" busy={issue.isPending}>
              Make onboarding file
            </Button>
          </>
        )
      }
    >
      {issue.data === undefined ? (
        <IssueForm issue={issue} sites={sites} />
      ) : (
        <OnboardingTicket ticket={issue.data} />
      )}
    </Drawer>
  );
}

function IssueForm({
  issue,
  sites,
}: {
  issue: ReturnType<typeof useIssueOnboarding>;
  sites: readonly SiteChoice[];
}) {
  const customer = useCustomer();
  const { register, handleSubmit } = useForm<Values>({
    defaultValues: { siteId: sites[0]?.id ?? "", agentName: "", validHours: "72" },
  });
  const refusal = issue.isError ? refusalOf(issue.error) : null;
  const submit = (values: Values) =>
    issue.mutate({
      customer: customer.slug,
      siteId: values.siteId,
      agentName: values.agentName.trim() === "" ? undefined : values.agentName.trim(),
      validHours: Number(values.validHours),
    });
  return (
    <form
      id="issue-onboarding"
      noValidate
      className="flex flex-col gap-4"
      onSubmit={(event) => void handleSubmit(submit)(event)}
    >
      <FormErrors title="Not made" items={refusal === null ? [] : [refusal.message]} />
      <SelectField
        label="Site"
        options={sites.map((site) => ({ value: site.id, label: site.name }))}
        {...register("siteId")}
      />
      <TextField
        label="Agent name"
        note="optional"
        autoComplete="off"
        spellCheck={false}
        help="Made from the site's name where it is left empty."
        error={fieldError(refusal, "agentName")}
        {...register("agentName")}
      />
      <SelectField
        label="Valid for"
        options={[
          { value: "1", label: "1 hour" },
          { value: "24", label: "1 day" },
          { value: "72", label: "3 days" },
          { value: "168", label: "7 days" },
        ]}
        {...register("validHours")}
      />
    </form>
  );
}
