export { checkProfile, type ProfileCheck } from "./check-profile.ts";
export {
  type Exchange,
  ExchangeReader,
  type ExchangeReaderOptions,
  type HeldBytes,
  type RawMessage,
} from "./exchange-reader.ts";
export { type Finding, type InferredProfile, inferProfile } from "./infer-profile.ts";
export { type PseudonymOptions, Pseudonyms } from "./pseudonyms.ts";
export { type AnswerReading, type ReportedEntry, readAnswer } from "./read-answer.ts";
export {
  type RecordedMessage,
  type RecordedPair,
  readPair,
  renderMessage,
  renderPair,
  writePair,
} from "./recorded-pair.ts";
export { type ReadExchange, type ReadMessage, redactExchange, redactInSteps } from "./redact-exchange.ts";
export type { Steps } from "./steps.ts";
export { createValueRules, type ValueRules } from "./value-rules.ts";
