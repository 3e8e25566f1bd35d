export { agentHealth } from "./agent-health.ts";
export { type Chain, type ChainLink, chainOf, compareWorstFirst, type LinkName } from "./chain.ts";
export type {
  AgentFacts,
  AgentReportFacts,
  ChainFacts,
  FirewallFacts,
  OnboardingFacts,
  PeopleFacts,
  PushFacts,
  SourceFacts,
  SourceReportFacts,
} from "./facts.ts";
export { firewallHealth, lastAsked } from "./firewall-health.ts";
export { sourceHealth } from "./source-health.ts";
export { type Health, type LinkState, severityOf, spellLength, worstOf } from "./state.ts";
export * from "./thresholds.ts";
