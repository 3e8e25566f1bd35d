import { agentsRouter } from "./agents/agents.router.ts";
import { auditRouter } from "./audit/audit.router.ts";
import { commandsRouter } from "./commands/commands.router.ts";
import { credentialsRouter } from "./credentials/credentials.router.ts";
import { customersRouter } from "./customers/customers.router.ts";
import { directoriesRouter } from "./directories/directories.router.ts";
import { eventSourcesRouter } from "./event-sources/event-sources.router.ts";
import { filtersRouter } from "./filters/filters.router.ts";
import { forwardingRouter } from "./forwarding/forwarding.router.ts";
import { handoverRouter } from "./handover/handover.router.ts";
import { jobsRouter } from "./jobs/jobs.router.ts";
import { liveRouter } from "./live/live.router.ts";
import { hostMarksRouter } from "./marks/host-marks.router.ts";
import { marksRouter } from "./marks/marks.router.ts";
import { meRouter } from "./me/me.router.ts";
import { pointsRouter } from "./points/points.router.ts";
import { probesRouter } from "./probes/probes.router.ts";
import { profilesRouter } from "./profiles/profiles.router.ts";
import { sessionsRouter } from "./sessions/sessions.router.ts";
import { settingsRouter } from "./settings/settings.router.ts";
import { setupRouter } from "./setup/setup.router.ts";
import { sitesRouter } from "./sites/sites.router.ts";
import { suggestionsRouter } from "./suggestions/suggestions.router.ts";
import { syslogRouter } from "./syslog/syslog.router.ts";
import { createCallerFactory, router } from "./trpc.ts";

export const appRouter = router({
  me: meRouter,
  customers: customersRouter,
  setup: setupRouter,
  sites: sitesRouter,
  agents: agentsRouter,
  commands: commandsRouter,
  credentials: credentialsRouter,
  directories: directoriesRouter,
  eventSources: eventSourcesRouter,
  forwarding: forwardingRouter,
  probes: probesRouter,
  handover: handoverRouter,
  syslog: syslogRouter,
  filters: filtersRouter,
  marks: marksRouter,
  hostMarks: hostMarksRouter,
  suggestions: suggestionsRouter,
  points: pointsRouter,
  profiles: profilesRouter,
  sessions: sessionsRouter,
  settings: settingsRouter,
  audit: auditRouter,
  jobs: jobsRouter,
  live: liveRouter,
});
export type AppRouter = typeof appRouter;

/** Calls the router without HTTP, with the same context and the same checks: for server components and the seed. */
export const createCaller = createCallerFactory(appRouter);
