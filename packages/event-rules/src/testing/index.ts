export {
  ALICE_SID,
  aContext,
  anEvent,
  type ContextSketch,
  type EventSketch,
  fieldsOfReal,
  NINE,
} from "./builders.ts";
