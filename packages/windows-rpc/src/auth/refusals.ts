import { NoKdcError } from "../kerberos/kdc-client.ts";
import { KDC_ERROR } from "../kerberos/kdc-error-names.ts";
import { KerberosRefusal } from "../kerberos/kerberos-login.ts";
import { SecurityFault } from "./security-context.ts";

export type LoginRefusalReason =
  | "wrong-password"
  | "account-disabled"
  | "account-locked"
  | "account-expired"
  /** Disabled, locked or expired: this domain does not say which. */
  | "account-revoked"
  | "password-expired"
  /** Not at this hour, or not from this computer. */
  | "not-allowed-now"
  | "unknown-principal"
  | "unknown-service"
  | "clock"
  /** The account, or the service, has no AES keys. */
  | "no-aes"
  | "no-kdc"
  /** Only NTLM would be left, and it is not allowed. */
  | "ntlm-not-allowed"
  | "other";

const OF_THE_CREDENTIAL: readonly LoginRefusalReason[] = [
  "wrong-password",
  "account-disabled",
  "account-locked",
  "account-expired",
  "account-revoked",
  "password-expired",
  "not-allowed-now",
  "unknown-principal",
];

/** Whether the domain says it of a name and a password, and of nothing else: more attempts with them make it only worse. */
export function refusesCredential(reason: LoginRefusalReason): boolean {
  return OF_THE_CREDENTIAL.includes(reason);
}

/** Why there is no login, for the person who set it up; nothing secret is in it. */
export interface LoginRefusal {
  readonly kind: "refused";
  readonly reason: LoginRefusalReason;
  readonly sentence: string;
  readonly remedy: string;
  /** The password was shown, and this is no word on it: it may have been a wrong one. */
  readonly isUndecided?: true;
}

/** Source: [MS-ERREF] 2.3.1 (documented). */
const REASON_BY_STATUS: Readonly<Record<number, LoginRefusalReason>> = {
  3221225578: "wrong-password",
  3221225583: "not-allowed-now",
  3221225584: "not-allowed-now",
  3221225585: "password-expired",
  3221225586: "account-disabled",
  3221225875: "account-expired",
  3221226020: "password-expired",
  3221226036: "account-locked",
};

/** Source: RFC 4120 7.5.9 with [MS-KILE] 3.3.5.6.1 (documented); 6, 7, 18, 24 and 37 captured from Samba. */
const REASON_BY_CODE: Readonly<Record<number, LoginRefusalReason>> = {
  [KDC_ERROR.clientUnknown]: "unknown-principal",
  [KDC_ERROR.wrongRealm]: "unknown-principal",
  [KDC_ERROR.serverUnknown]: "unknown-service",
  [KDC_ERROR.policy]: "not-allowed-now",
  [KDC_ERROR.etype]: "no-aes",
  [KDC_ERROR.clientRevoked]: "account-revoked",
  [KDC_ERROR.clientNotYet]: "account-revoked",
  [KDC_ERROR.keyExpired]: "password-expired",
  [KDC_ERROR.preauthFailed]: "wrong-password",
  [KDC_ERROR.badIntegrity]: "wrong-password",
  [KDC_ERROR.skew]: "clock",
};

const REMEDIES: Readonly<Record<LoginRefusalReason, string>> = {
  "wrong-password": "Type the account's present password. It was sent once and is not tried again.",
  "account-disabled": "Enable the account in Active Directory.",
  "account-locked": "Unlock the account, and see first who else uses it with an old password.",
  "account-expired": "Extend the account, or remove its date of expiry.",
  "account-revoked": "See in Active Directory whether the account is disabled, locked or expired.",
  "password-expired":
    "Set a new password, and let it not expire or not need to be changed at the next logon.",
  "not-allowed-now": "Allow the account all logon hours, and logons to and from every computer it must read.",
  "unknown-principal": "Check the account's name and the domain; the domain has no such account.",
  "unknown-service": "Use the server's full DNS name as the domain knows it.",
  clock: "Set this computer's clock by the domain's; they may differ by five minutes at most.",
  "no-aes":
    "Let the account support AES (msDS-SupportedEncryptionTypes), and set its password once more so that it gets AES keys.",
  "no-kdc":
    "Open TCP 88 to a domain controller, and let this computer ask the domain's DNS, or name controllers.",
  "ntlm-not-allowed": "Name the server by its full DNS name, or allow NTLM for this credential.",
  other: "See the domain controller's Security log, events 4768 and 4771, at this time.",
};

/** Says in words what a login came to. Gives null for what is no refusal, which the caller throws on. */
export function refusalOf(error: unknown): LoginRefusal | null {
  if (error instanceof NoKdcError) return loginRefusal("no-kdc", error.message);
  if (error instanceof KerberosRefusal) {
    const byStatus = error.ntStatus === null ? undefined : REASON_BY_STATUS[error.ntStatus];
    const reason = reasonOf(error, byStatus);
    const refusal = loginRefusal(reason, error.message);
    return reason === "other" && error.wasShown ? { ...refusal, isUndecided: true } : refusal;
  }
  if (error instanceof SecurityFault) return loginRefusal("other", error.message);
  return null;
}

function reasonOf(error: KerberosRefusal, byStatus: LoginRefusalReason | undefined): LoginRefusalReason {
  // What a service's own ticket fails for says nothing about the account's password.
  const isOfPassword = error.kdcCode === KDC_ERROR.badIntegrity && error.step !== "login";
  return byStatus ?? (isOfPassword ? "other" : (REASON_BY_CODE[error.kdcCode] ?? "other"));
}

export function loginRefusal(reason: LoginRefusalReason, sentence: string): LoginRefusal {
  return { kind: "refused", reason, sentence, remedy: REMEDIES[reason] };
}
