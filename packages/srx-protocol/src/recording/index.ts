export {
  type Exchange,
  ExchangeReader,
  type ExchangeReaderOptions,
  type HeldBytes,
  type RawMessage,
} from "./exchange-reader.ts";
export { type PseudonymOptions, Pseudonyms } from "./pseudonyms.ts";
export {
  type RecordedMessage,
  type RecordedPair,
  readPair,
  renderMessage,
  renderPair,
  writePair,
} from "./recorded-pair.ts";
export { type ReadExchange, type ReadMessage, redactExchange } from "./redact-exchange.ts";
export { createValueRules, type ValueRules } from "./value-rules.ts";
