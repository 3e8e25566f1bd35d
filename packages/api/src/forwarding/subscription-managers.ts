import { isIP } from "node:net";

/**
 * The values of the group policy *Configure target Subscription Manager*: one for each CA whose certificates may forward.
 *
 * Shape:  the path is the one that Windows computers ask for subscriptions at; they look again every `Refresh` seconds.
 * Source: windows-events 6 (documented): `IssuerCA` is the SHA-1 of the CA that issued the certificate to be shown.
 */
export function subscriptionManagers(
  { host, port }: { readonly host: string; readonly port: number },
  issuers: readonly { readonly sha1: string }[],
): string[] {
  const authority = isIP(host) === 6 ? `[${host}]` : host;
  return issuers.map(
    ({ sha1 }) =>
      `Server=https://${authority}:${port}/wsman/SubscriptionManager/WEC,Refresh=60,IssuerCA=${sha1}`,
  );
}
