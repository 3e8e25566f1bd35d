/** What of a login decides whether and where Kerberos can be asked for it. */
export interface LoginNames {
  readonly user: string;
  readonly realm: string | null;
  readonly allowNtlm: boolean;
}

/** The domain that a login is of, in lower case: as it is set, else what follows the `@` of a UPN; null where neither says. */
export function domainOfLogin({ user, realm }: Pick<LoginNames, "user" | "realm">): string | null {
  if (realm !== null) return realm.toLowerCase();
  const at = user.lastIndexOf("@");
  return at <= 0 || at === user.length - 1 ? null : user.slice(at + 1).toLowerCase();
}

/** Without a realm there is no Kerberos, and without NTLM then no way to log in at all: agents refuse such a login. */
export function saysNoRealm(login: LoginNames): boolean {
  return domainOfLogin(login) === null && !login.allowNtlm;
}

/** Whether a server's name lies in the login's own domain. An address lies in none. */
export function isOfItsDomain(host: string, login: Pick<LoginNames, "user" | "realm">): boolean {
  const domain = domainOfLogin(login);
  const name = host.toLowerCase();
  return domain !== null && (name === domain || name.endsWith(`.${domain}`));
}
