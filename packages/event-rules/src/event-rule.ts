import type { EvidenceClass } from "@rollcall/identity-core";

/** What a log is read from. `wef`: computers that forward their events to the agent itself. */
export type EventSourceKind = "domain-controller" | "exchange" | "event-collector" | "wef";

/** Which kind of computer must have written the event for it to mean what the rule says. */
export type Writer = "controller" | "workstation" | "exchange-server";

/** What an account becomes: with which verb, and how strongly it speaks. Null: nothing. */
export interface Effect {
  readonly verb: "start" | "refresh" | "end";
  readonly class: EvidenceClass;
}

/** Names of the fields that say whom an event speaks of. */
export interface AccountFields {
  readonly sid?: string;
  readonly name: string;
  readonly domain?: string;
  /** `user@REALM`, and nothing without the `@`. */
  readonly isAtRealm?: boolean;
}

/**
 * Where the address comes from: a field of the event; the computer that wrote it (its connection to the agent, or the addresses
 * at which its device is known); or the one address at which the computer is known whose name stands in a field.
 */
export type AddressFrom =
  | { readonly from: "event"; readonly field: string }
  | { readonly from: "writer" }
  | { readonly from: "workstation"; readonly field: string };

/**
 * One rule: which events it takes and what they make. Data: the agent obeys it, the portal lists it, the reference is made
 * of it.
 *
 * Shape:  fields are looked up by name, for versions of an event append fields. A condition that is absent is not asked.
 * Source: semantics 3 and windows-events 5 (documented); the fields as real records have them (captured).
 */
export interface EventRule {
  readonly id: string;
  readonly eventId: number;
  /** Values of `LogonType` that it takes. */
  readonly logonTypes?: readonly string[];
  readonly sources: readonly EventSourceKind[];
  readonly writtenBy: Writer;
  readonly account: AccountFields;
  readonly address: AddressFrom;
  /** What it makes of a person. */
  readonly user: Effect | null;
  /** What it makes of a computer's account (`NAME$`). */
  readonly device: Effect | null;
  /** On an Exchange server: a person at an address with a known device is only refreshed. */
  readonly isWeakerWithDevice?: boolean;
  /** Field that must be `0x0`. */
  readonly status?: string;
  /** Field that is empty or `-` unless somebody acts for somebody else. */
  readonly delegation?: string;
  /** Field of the pre-authentication: `0` means that no password was proved. */
  readonly preAuthentication?: string;
  /** Field of the service a ticket is for, and whose it must be. */
  readonly service?: { readonly field: string; readonly of: "controller" | "anybody" };
  /** Field of the share, which must be one that every computer of the domain reads at a logon, or that the source names. */
  readonly share?: string;
  /** Field of the logon session; with the computer it tells one session from another. */
  readonly logonId?: string;
  /**
   * Whose repeats at one address within a minute are left out before any work. A person's reads of a controller never are:
   * one that stands after a ticket may be the only one that supports it, and the one before it in that minute does not.
   */
  readonly thinned?: "everybody" | "computers";
  /** Makes nothing itself: whom somebody acts as, typed at that computer, is not taken for who sits there. */
  readonly notesOtherAccount?: { readonly sid: string; readonly name: string };
  readonly isOnByDefault: boolean;
  /** For people. */
  readonly sentence: string;
}

/** An event that is known and never becomes a session; it cannot be switched on. */
export interface NeverEvent {
  readonly id: string;
  readonly eventId: number;
  /** The name under which it is counted. */
  readonly reason: "failed-logon" | "rights-only" | "says-nothing-of-a-seat" | "names-no-address";
  readonly sentence: string;
}
