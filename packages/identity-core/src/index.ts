export { composeEntry, isLive, sameEntry } from "./compose-entry.ts";
export {
  CONTROLLER_READ_RULES,
  type Corroboration,
  isKeptBySlot,
  LOGON_TICKET_RULE,
} from "./corroboration.ts";
export {
  type CarrierReport,
  type Darkness,
  type DarkPolicy,
  darkSourcesFor,
  lightsOf,
  type SourceLight,
} from "./dark-sources.ts";
export {
  type AccountSigns,
  type DetectedPrincipal,
  type Detection,
  type DetectionKind,
  type DetectionSettings,
  type DetectionSign,
  Detector,
} from "./detector.ts";
export { type DnPath, isUnder, parseDnPath } from "./dn-place.ts";
export type {
  ChangePage,
  Entry,
  EntryDevice,
  EntryFilter,
  EntrySource,
  EntryUser,
  FormerFilter,
} from "./entry.ts";
export { type CompiledFilter, compileFilter, type KeptFromReader, whyKeptFrom } from "./entry-filter.ts";
export { EntryLog } from "./entry-log.ts";
export {
  type Arbitration,
  type Evaluation,
  type EvaluationOptions,
  evaluateKey,
  type Ownership,
  type TraceLine,
} from "./evaluate-key.ts";
export {
  type ExplainedClaim,
  type ExplainedKind,
  type ExplainOptions,
  type Explanation,
  type ExplanationLine,
  explainAddress,
  MAX_LINES as EXPLANATION_LINES_MAX,
  type SuppressedObservation,
} from "./explain.ts";
export { formatIp, type IpAddress, type IpNumber, parseIp, parseIpNumber } from "./ip-address.ts";
export {
  createIpSet,
  type IpRange,
  type IpSet,
  isNeverASession,
  isTooWideToAsk,
  parseIpRange,
  rangeContains,
} from "./ip-range.ts";
export {
  applyObservation,
  type Claim,
  type End,
  emptyKeyState,
  type KeyState,
  type KindState,
  tokensOfState,
} from "./key-state.ts";
export type {
  DeviceAttributes,
  EndScope,
  EpochMs,
  EvidenceClass,
  Observation,
  PrincipalFacts,
  PrincipalName,
  SourceFamily,
} from "./observation.ts";
export { PAGE_ROWS, type RowPage } from "./packed/row-pages.ts";
export { Lexicon, Vocabulary } from "./packed/vocabulary.ts";
export {
  type AddressMarkRule,
  compileMarks,
  type HostAccount,
  type HostMarkRule,
  letsStand,
  MARK_DIRECTORY,
  type Mark,
  type MarkMode,
  type MarkRules,
  type PseudoUser,
} from "./place-marks.ts";
export {
  isSpelling,
  keyOfUnknown,
  PrincipalDirectory,
  type PrincipalLookup,
  sameFacts,
  type TakenFacts,
  tokensOf,
  tokensOfFacts,
} from "./principal-directory.ts";
export { RecentMap } from "./recent-map.ts";
export { ReplicaTable } from "./replica-table.ts";
export type { SeatedMemory } from "./seated-accounts.ts";
export {
  type Changed,
  SessionTable,
  type SessionTableOptions,
  type StoredPages,
  type TablePages,
  type TableSnapshot,
} from "./session-table.ts";
export { groupsByRecord } from "./siblings.ts";
export {
  createSuppression,
  type NameRule,
  type Suppressed,
  type SuppressionContext,
  type SuppressionRules,
} from "./suppression.ts";
