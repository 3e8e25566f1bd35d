export { readEventAccount } from "./event-account.ts";
export { bareComputerName, type EventAddress, readEventAddress } from "./event-address.ts";
export { eventQuery, LOG_CLEARED, plainEventQuery, type QueryWish } from "./event-query.ts";
export type {
  AccountFields,
  AddressFrom,
  Effect,
  EventRule,
  EventSourceKind,
  NeverEvent,
  Writer,
} from "./event-rule.ts";
export { EVENT_RULES, fieldsOf, findRule, NEVER_EVENTS } from "./event-rules.ts";
export { IGNORED_REASONS, sentenceOfReason } from "./ignored-reasons.ts";
export {
  type IgnoredReason,
  isSameComputer,
  type JudgeContext,
  type Judgement,
  judge,
  type SiteKnowledge,
} from "./judge.ts";
export { OtherAccounts } from "./other-accounts.ts";
export { recordIdOf } from "./record-id.ts";
export { faultOfSwitch, type RuleSwitches, switchesOf } from "./rule-switches.ts";
export { faultOfShare, SHARES_MAX } from "./shares.ts";
export { TicketRate } from "./ticket-rate.ts";
export {
  type ForwardingPlace,
  type ForwardingStep,
  forwardingSteps,
  subscriptionManagers,
} from "./wef-policy.ts";
export type { WindowsEvent } from "./windows-event.ts";
