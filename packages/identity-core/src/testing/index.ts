export {
  aLogon,
  anEnd,
  at,
  DAY,
  EVERYTHING,
  ip,
  minutes,
  type ObservationSketch,
  someFacts,
} from "./builders.ts";
