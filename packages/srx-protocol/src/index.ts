export { parseBeginTime } from "./begin-time.ts";
export { type CleaningFlag, MAX_NAME_BYTES, MAX_ROLES } from "./clean-text.ts";
export {
  type CursorCodec,
  type CursorContext,
  type CursorPosition,
  type CursorReading,
  clientTag,
  createCursorCodec,
  isPruned,
} from "./cursor.ts";
export { type CursorRecogniser, DEFAULT_ENTRIES, decodeRequest, MAX_ENTRIES } from "./decode-request.ts";
export { decodeFilters, NO_FILTER, type RequestFilter } from "./filters.ts";
export { joinBatch } from "./join-batch.ts";
export { filterHash, type NarrowedFilter, narrowFilter } from "./narrow-filter.ts";
export { type Parameter, parseUrlEncoded } from "./parameters.ts";
export {
  type BatchFrame,
  builtInProfile,
  type EncodedEntry,
  jsonSuperset,
  type SrxProfile,
} from "./profile.ts";
export { createJsonSuperset, type JsonSupersetOptions } from "./profiles/json-superset.ts";
export { type RedactedRequest, redactRequest } from "./redact.ts";
export {
  bodyTooLarge,
  invalidToken,
  malformedToken,
  methodNotAllowed,
  tooManyFailures,
  unavailable,
  wrongClient,
} from "./refusals.ts";
export type {
  BatchPosition,
  BatchRequest,
  IpRequest,
  RawRequest,
  RequestWarning,
  SrxRequest,
  TokenFault,
  TokenRequest,
  UserRequest,
} from "./request.ts";
export { renderResponse, type SrxResponse } from "./response.ts";
