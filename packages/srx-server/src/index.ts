export {
  type ContactBook,
  type ContactRecorder,
  createContactRecorder,
  type FirewallContact,
  type Told,
} from "./contact-recorder.ts";
export type { Counters } from "./counters.ts";
export { type FoundSecret, findSecret, type KeptSecret } from "./find-secret.ts";
export type { LearnReport } from "./learning.ts";
export { ListenError } from "./listen-error.ts";
export type { IpMiss } from "./listener-parts.ts";
export type { Peer } from "./peer.ts";
export { createPointRegistry, type PointRegistry, type RegisteredPoint } from "./point-registry.ts";
export { createReaderMemory, type ReaderMemory } from "./reader-memory.ts";
export type {
  AuthenticateOutcome,
  Awaitable,
  PointDirectory,
  RefusalReason,
  ServedPoint,
} from "./served-point.ts";
export {
  createSrxServer,
  DEFAULT_LIMITS,
  type ListenerTlsMode,
  type SrxServer,
  type SrxServerHealth,
  type SrxServerLimits,
  type SrxServerOptions,
} from "./srx-server.ts";
export {
  type TlsIdentity,
  type TlsMode,
  tlsSettings,
  transportOf,
  transportWarning,
} from "./tls-settings.ts";
export {
  createMemoryTokenStore,
  type IssueToken,
  type MemoryTokenStore,
  type MemoryTokenStoreOptions,
  type TokenFinding,
  type TokenRecord,
  type TokenStore,
} from "./token-store.ts";
export type { UnknownShape } from "./unknown-shapes.ts";
export type { UserReport, UserReportOutcome } from "./user-report.ts";
