export { type EvtxDamage, type EvtxRecord, isEvtx, readEvtx } from "./read-evtx.ts";
