/** Where computers forward to. */
export interface ForwardingPlace {
  /** Full DNS name of the agent. */
  readonly host: string;
  readonly port: number;
}

/** One thing to be done at the customer's side, in order. */
export interface ForwardingStep {
  readonly title: string;
  readonly sentences: readonly string[];
  /** Lines to copy. */
  readonly lines: readonly string[];
}

/** Seconds after which a computer asks again for its subscription. */
const REFRESH_SECONDS = 60;

/**
 * The values of the group policy *Configure target Subscription Manager*: one for each CA whose certificates may forward.
 *
 * Shape:  `issuers` are SHA-1 thumbprints of the CAs that issue the computers' certificates: by these a computer chooses its own.
 * Source: windows-events 6; Win32, "Setting up a Source Initiated Subscription" (documented).
 */
export function subscriptionManagers(
  { host, port }: ForwardingPlace,
  issuers: readonly { readonly sha1: string }[],
): string[] {
  // A colon is in no DNS name and in every IPv6 address.
  const authority = host.includes(":") ? `[${host}]` : host;
  return issuers.map(
    ({ sha1 }) =>
      `Server=https://${authority}:${port}/wsman/SubscriptionManager/WEC,Refresh=${REFRESH_SECONDS},IssuerCA=${sha1}`,
  );
}

/** What is to be done so that computers forward, for a person at the customer's side. */
export function forwardingSteps(
  place: ForwardingPlace,
  issuers: readonly { readonly sha1: string }[],
  /** Where the CA that signs the agent's certificate is had from. */
  serverCa: string,
): ForwardingStep[] {
  return [
    {
      title: "Computers trust the agent",
      sentences: [
        `Put the CA that signs the agent's certificate among the trusted root authorities of the computers, by group policy: ${serverCa}`,
        `${place.host} must lead to the agent, and TCP ${place.port} must be open from the computers to it.`,
      ],
      lines: [],
    },
    {
      title: "Computers have certificates of their own",
      sentences: [
        "From your CA by automatic enrolment: for client authentication, with the computer's full DNS name among the alternative names. Give the CA that issues them to the agent.",
        "NETWORK SERVICE must be able to read the private key: in the certificate template, Request Handling, or at a computer by Manage Private Keys.",
        "The revocation list of the agent's CA is not asked for; that of your CA must be reachable from the computers.",
      ],
      lines: [],
    },
    {
      title: "Group policy: Configure target Subscription Manager",
      sentences: ["Computer Configuration, Administrative Templates, Windows Components, Event Forwarding."],
      lines: subscriptionManagers(place, issuers),
    },
    {
      title: "Rights and service, at each computer or by group policy",
      sentences: [
        "NETWORK SERVICE forwards: to read the Security log it must be in Event Log Readers. It takes effect when the computer is restarted.",
      ],
      lines: [
        "Set-Service -Name WinRM -StartupType Automatic -Status Running",
        "Add-LocalGroupMember -SID S-1-5-32-573 -Member 'NT AUTHORITY\\NETWORK SERVICE'",
      ],
    },
  ];
}
