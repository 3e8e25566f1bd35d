export { type AskedComputer, type AskOptions, askComputer } from "./ask-computer.ts";
export { type NameService, systemNames, verifiedHostName } from "./host-name.ts";
export type { LoginContexts, LoginService, MadeLogin } from "./login-context.ts";
export {
  ProbeFault,
  type ProbeFaultCode,
  type ProbeLogin,
  type ProbeMethod,
  type ProbeSession,
  type ProbeTarget,
  type ReachedComputer,
} from "./ports.ts";
export { isAnswered, type NotAsked, type ProbeAnswer, type Probed } from "./probe-answer.ts";
export { ProbeCounters } from "./probe-counters.ts";
export { observationsOf, PROBE_SOURCE_ID } from "./probe-observations.ts";
export { ProbeScheduler, type Wish } from "./probe-scheduler.ts";
export { createProbeScope, type ProbeScope } from "./probe-scope.ts";
export type { ProbeRow } from "./seated-user.ts";
export {
  type EndingSession,
  endingSession,
  HOLDS_MAX,
  holdObservation,
  unverifiedEnd,
  VERIFYING_MS,
  verifyingObservation,
} from "./verification.ts";
export { windowsContexts } from "./windows-contexts.ts";
export { createWinrmMethod, type WinrmMethodOptions } from "./winrm-method.ts";
export { createWmiMethod, type WmiMethodOptions } from "./wmi-method.ts";
