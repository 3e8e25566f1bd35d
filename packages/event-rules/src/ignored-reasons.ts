/**
 * Why an event yields nothing: the names under which it is counted, and what each means to a person.
 * `logon-type-4` and the like stand for themselves: see `sentenceOfReason`.
 */
export const IGNORED_REASONS: Readonly<Record<string, string>> = {
  "no-rule": "No rule is meant by an event of that number.",
  "other-provider":
    "It is not of the Security log's own provider: any program may write an event of that number.",
  "no-time": "It has no time that can be read.",
  "rule-off": "The rule is switched off for this source.",
  "not-of-this-source": "The rule does not apply to logs of this kind of server.",
  "not-from-a-controller":
    "A collector passed it on, and the computer that wrote it is not known as a domain controller. Controllers are known by the directory, and by the hosts of directories and event sources.",
  "from-a-controller": "A domain controller's own console and desktop are no seats.",
  "not-of-the-sender": "A computer forwarded an event that says another computer wrote it.",
  "failed-logon": "Nobody was let in.",
  "rights-only": "It says what somebody may do, not where they are.",
  "says-nothing-of-a-seat": "It neither begins nor ends a session.",
  "names-no-address": "It names a network card, and no leases are kept that would say its address.",
  delegated: "A service acts for somebody who is elsewhere.",
  "no-password-proved":
    "The account needs no pre-authentication: anybody may ask for its ticket from anywhere. Clear “Do not require Kerberos preauthentication” on the account.",
  "other-share": "The share is not one that logons and group policy read, and the source does not name it.",
  "repeated-within-a-minute": "The same was already said in that minute.",
  "not-run-as": "Windows itself wrote it for an ordinary logon.",
  "other-account-noted": "It is remembered, so that the other account is not taken for who sits there.",
  "other-account": "Somebody at the computer acted as this account: it does not sit there.",
  "no-name": "It names nobody.",
  "name-too-long": "The name is longer than any of Windows.",
  "name-without-realm": "The name says no realm.",
  "computer-name-too-long": "The computer's name is longer than any of Windows.",
  "computer-account": "A computer's account says nothing here.",
  "controllers-own-account": "It is a domain controller's own account, or one that is called like it.",
  "no-address": "It has no address.",
  "address-not-readable": "What stands in place of the address is none.",
  "nobodys-address": "The address is loopback, link-local or otherwise nobody's.",
  infrastructure: "The address is infrastructure: a server, a proxy, a firewall.",
  "no-workstation": "It names no workstation.",
  "computer-at-no-known-address": "It is not known at which address the computer was at that time.",
  "computer-at-several-addresses":
    "The computer is known at several addresses, and the event says not which.",
  "well-known-sid": "The account is one of Windows itself.",
  "well-known-name": "The account is one of Windows itself.",
  "product-account": "The account belongs to a product (krbtgt, health mailboxes, synchronisation).",
  "never-a-session": "The address is loopback, link-local or otherwise nobody's.",
  "logon-type-unknown": "The kind of logon cannot be read.",
};

/** Source: Windows' documentation of event 4624 (documented). */
const LOGON_TYPES: Readonly<Record<string, string>> = {
  "0": "the system's own start",
  "2": "interactive",
  "3": "over the network",
  "4": "a batch job",
  "5": "a service",
  "7": "an unlocked screen",
  "8": "over the network, with the password in clear",
  "9": "other credentials for the network only",
  "10": "remote desktop",
  "11": "interactive, without a domain controller",
  "12": "remote desktop, without a domain controller",
  "13": "an unlocked screen, without a domain controller",
};

/** What a counted reason means; null for one that is not ours. */
export function sentenceOfReason(reason: string): string | null {
  const type = /^logon-type-(\d{1,2})$/.exec(reason)?.[1];
  if (type !== undefined) {
    const what = LOGON_TYPES[type];
    return `A logon of type ${type}${what === undefined ? "" : ` (${what})`} says nothing of a seat here.`;
  }
  return IGNORED_REASONS[reason] ?? null;
}
