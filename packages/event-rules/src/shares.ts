/** Shares that every computer of a domain reads at a logon and at each group policy refresh. */
export const LOGON_SHARES: readonly string[] = ["SYSVOL", "NETLOGON"];

/** Shares that a source may name beside them: a handful whose use says that somebody is there. */
export const SHARES_MAX = 10;

/** Why that is no share that a source may name, and what to do; null where it is one. The query quotes it, so it holds no quote. */
export function faultOfShare(name: string): { readonly problem: string; readonly remedy: string } | null {
  if (/^[^\p{Cc}"'/\\[\]:|<>+=;,?*]{1,80}$/u.test(name) && name.trim() === name) return null;
  return {
    problem: `"${name}" is no name of a share`,
    remedy: "write its name alone, as the server has it: Homes, not \\\\server\\Homes",
  };
}

/** Whether a share, as event 5140 writes it (`\\*\SYSVOL`), is read at logons or was named. */
export function isSignOfPresence(share: string | null, named: readonly string[]): boolean {
  const written = (share ?? "").trim();
  const name = written.slice(written.lastIndexOf("\\") + 1).toLowerCase();
  return [...LOGON_SHARES, ...named].some((one) => one.toLowerCase() === name);
}
