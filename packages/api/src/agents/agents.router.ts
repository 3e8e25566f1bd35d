import { objectInput } from "../input-fields.ts";
import { conflict, notFound, unacceptable } from "../refusals.ts";
import { router, tenantProcedure } from "../trpc.ts";
import {
  agentDetail,
  agentList,
  enrolment,
  enrolmentInput,
  enrolmentList,
  firewallNames,
  issueOnboardingInput,
  onboardingTicket,
  revokedAgent,
  setFirewallNamesInput,
} from "./agents.schema.ts";
import { issueOnboarding } from "./issue-onboarding.ts";
import { listAgents } from "./list-agents.ts";
import { listEnrolments } from "./list-enrolments.ts";
import { readAgent } from "./read-agent.ts";
import { revokeAgent } from "./revoke-agent.ts";
import { revokeEnrolment } from "./revoke-enrolment.ts";
import { setFirewallNames } from "./set-firewall-names.ts";

/** Edge agents of one customer and the files that enrol them. */
export const agentsRouter = router({
  list: tenantProcedure("agent:read")
    .output(agentList)
    .query(({ ctx }) => listAgents(ctx)),

  get: tenantProcedure("agent:read")
    .input(objectInput)
    .output(agentDetail)
    .query(async ({ ctx, input }) => {
      const agent = await readAgent(ctx, input.id);
      if (agent === null) throw notFound();
      return agent;
    }),

  /** The answer is the only copy of the file: it is not kept and cannot be asked for again. */
  issueOnboarding: tenantProcedure("agent:enrol", "costly")
    .input(issueOnboardingInput)
    .output(onboardingTicket)
    .mutation(async ({ ctx, input }) => {
      const outcome = await issueOnboarding(ctx, input);
      switch (outcome.kind) {
        case "issued":
          return outcome.ticket;
        case "site-not-found":
          throw notFound();
        case "agent-name-taken":
          throw unacceptable(
            "agentName",
            `There is an agent "${outcome.agentName}" at this site already.`,
            "agent-name-taken",
          );
      }
    }),

  enrolments: tenantProcedure("agent:read")
    .output(enrolmentList)
    .query(({ ctx }) => listEnrolments(ctx)),

  revokeEnrolment: tenantProcedure("agent:enrol")
    .input(enrolmentInput)
    .output(enrolment)
    .mutation(async ({ ctx, input }) => {
      const outcome = await revokeEnrolment(ctx, input.enrolmentId);
      switch (outcome.kind) {
        case "revoked":
          return outcome.enrolment;
        case "not-found":
          throw notFound();
        case "already-used":
          throw conflict("This file has enrolled an agent. Revoke the agent to cut it off.", "already-used");
      }
    }),

  setFirewallNames: tenantProcedure("agent:manage")
    .input(setFirewallNamesInput)
    .output(firewallNames)
    .mutation(async ({ ctx, input }) => {
      const outcome = await setFirewallNames(ctx, input);
      switch (outcome.kind) {
        case "set":
          return { id: input.id, names: outcome.names };
        case "not-found":
          throw notFound();
      }
    }),

  revoke: tenantProcedure("agent:manage")
    .input(objectInput)
    .output(revokedAgent)
    .mutation(async ({ ctx, input }) => {
      const outcome = await revokeAgent(ctx, input.id);
      switch (outcome.kind) {
        case "revoked":
          return { id: input.id, state: "revoked" };
        case "not-found":
          throw notFound();
      }
    }),
});
