/** One directory as the site's configuration gives it, without its login (the same shape, named here so that this room needs no other). */
export interface DirectoryConfig {
  readonly id: string;
  readonly name: string;
  /** DNS name or address of a domain controller, or the DNS name of a domain. */
  readonly host: string;
  /** Further controllers of the domain. */
  readonly servers: readonly string[];
  readonly port: number;
  readonly tls: "ldaps" | "starttls" | "none";
  /** PEM of the CA that signed the server's certificate; the system's store where absent. */
  readonly caPem?: string | undefined;
  /** How it logs on: with the password itself, or with a Kerberos ticket (inside of TLS only). */
  readonly bind: "simple" | "kerberos";
  readonly dangerouslyTrustAnyCertificate: boolean;
  /** Where people are read; the server's default naming context where absent. Groups are always read in all of that. */
  readonly baseDn?: string | undefined;
  readonly domain?: string | undefined;
  readonly netbiosDomain?: string | undefined;
  readonly pollSeconds: number;
  readonly pageSize: number;
  /** The most queries a second; more wait. */
  readonly maxQueriesPerSecond: number;
}
