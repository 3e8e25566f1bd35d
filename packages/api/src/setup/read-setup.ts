import type { z } from "zod";
import type { TenantContext } from "../context.ts";
import { type CustomerFacts, readFacts } from "../facts/read-facts.ts";
import type { setupView } from "./setup.schema.ts";
import { setupSteps } from "./setup-steps.ts";

export async function readSetup(ctx: TenantContext): Promise<z.infer<typeof setupView>> {
  const facts = await ctx.run((handle) => readFacts(handle, ctx.services.now()));
  const steps = setupSteps(facts);
  const isDone = steps.every((step) => step.state === "done");
  return {
    steps,
    startedAt: facts.createdAt,
    doneAt: isDone ? (steps.at(-1)?.at ?? null) : null,
    firstTold: ctx.permissions.has("session:read") ? firstTold(facts) : null,
    has: {
      sites: facts.sites.map(({ id, name }) => ({ id, name })),
      enrolments: facts.enrolments.length,
      agents: facts.agents.filter((agent) => agent.state !== "revoked").length,
      directories: facts.directories.length,
      syslogSources: facts.syslogSources.length,
      eventSources: facts.eventSources.length,
      enforcementPoints: facts.points.length,
    },
    asOf: new Date(facts.now),
  };
}

/** The oldest telling that is still kept: each responder keeps its newest twenty. */
function firstTold(facts: CustomerFacts): z.infer<typeof setupView>["firstTold"] {
  const tellings = facts.points.flatMap((point) =>
    point.contacts.flatMap(({ contact }) =>
      contact.told.filter((one) => one.user !== null).map((one) => ({ firewall: point.name, ...one })),
    ),
  );
  const first = tellings.sort((a, b) => a.at - b.at)[0];
  if (first === undefined) return null;
  const { at, firewall, ip, user, domain, groups } = first;
  return { at: new Date(at), firewall, ip, user, domain, groups };
}
