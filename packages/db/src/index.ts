export type { AuditHead, AuditReader, ExportedAuditEntry } from "./audit/audit-reader.ts";
export type { AuditActor, AuditDetail, AuditInput } from "./audit/write-audit.ts";
export {
  type ClientHandle,
  createDatabase,
  type Database,
  type DatabaseOptions,
  DatabaseUnavailableError,
  type FoundToken,
  type PracticeHandle,
  type TenantHandle,
  type TransactionOptions,
} from "./database.ts";
export { Prisma } from "./generated/prisma/client.ts";
export { keepHistoryPartitions } from "./history-partitions.ts";
export { hostMarkAt } from "./ledger/host-mark-at.ts";
export type { Ledger } from "./ledger/ledger.ts";
export type {
  Batch,
  CommitOutcome,
  DownlinkItem,
  DownlinkPage,
  FeedPage,
  LedgerItem,
  LoadedTable,
  OpenOutcome,
  OpenStream,
  OwnOutcome,
  PruneOptions,
  PruneOutcome,
  StreamKey,
  SweepOutcome,
} from "./ledger/ledger-types.ts";
export {
  type Grant,
  hashSignInToken,
  type LiveSignIn,
  type NewSignIn,
  type Person,
  type PersonWithPassword,
  type SignInStore,
} from "./sign-ins.ts";
