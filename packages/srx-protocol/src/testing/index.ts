export { aliceAtDesk, anEntry, anEntryUser, bobLeft, kioskAlone } from "./entries.ts";
export { aRequest } from "./requests.ts";
