export { guidFromBytes, siblingSid, sidFromBytes } from "./binary-ids.ts";
export { DirectoryGraph } from "./directory-graph.ts";
export type {
  Affected,
  GraphSize,
  GroupFilter,
  GroupNaming,
  GroupRecord,
  PrincipalRecord,
  RemovedPrincipal,
} from "./records.ts";
