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
export {
  type CursorRecogniser,
  DEFAULT_ENTRIES,
  decodeRequest,
  MAX_ENTRIES,
  type RequestDialect,
} from "./decode-request.ts";
export { decodeFilters, NO_FILTER, type RequestFilter } from "./filters.ts";
export { joinBatch } from "./join-batch.ts";
export {
  beginLearning,
  type LearnEvent,
  type LearnState,
  learnedProfile,
  learnSentence,
  learnStep,
  triedProfiles,
} from "./learn.ts";
export { filterHash, type NarrowedFilter, narrowFilter } from "./narrow-filter.ts";
export { type Parameter, parseUrlEncoded } from "./parameters.ts";
export type { AskedAddress, BatchFrame, EncodedEntry, SrxProfile } from "./profile.ts";
export {
  BUILT_IN_PROFILES,
  type BuiltInProfile,
  builtInProfile,
  builtInProfiles,
  DEFAULT_SOURCE,
  jsonSuperset,
} from "./profiles/built-in-profiles.ts";
export { compileProfile, type ProfileIdentity } from "./profiles/compile-profile.ts";
export { describeProfile } from "./profiles/describe-profile.ts";
export type { ProfileFault } from "./profiles/document-shape.ts";
export { previewProfile, type SampleExchange } from "./profiles/preview-profile.ts";
export {
  CANONICAL_FIELDS,
  type CanonicalField,
  type SrxProfileDocument,
} from "./profiles/profile-document.ts";
export { type KeptProfile, type ProfileShelf, profileShelf } from "./profiles/profile-shelf.ts";
export {
  isBuiltInKey,
  MAX_PROFILE_CHARACTERS,
  type ProfileNaming,
  type ProfileReading,
  readProfile,
  readProfileText,
} from "./profiles/read-profile.ts";
export { isReannounceDue, type Reannouncement } from "./reannounce.ts";
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
  ReportedState,
  RequestWarning,
  SrxRequest,
  TokenFault,
  TokenRequest,
  UserRequest,
} from "./request.ts";
export { renderResponse, type SrxResponse } from "./response.ts";
