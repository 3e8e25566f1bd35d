export { aliceAtDesk, anEntry, anEntryUser, bobLeft, kioskAlone } from "./entries.ts";
