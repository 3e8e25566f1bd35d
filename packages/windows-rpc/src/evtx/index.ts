export {
  type EvtxDamage,
  type EvtxRecord,
  type EvtxSource,
  inMemory,
  NO_LOG,
  readEvtx,
} from "./read-evtx.ts";
