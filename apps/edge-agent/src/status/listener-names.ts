/** What the listener without TLS is called wherever somebody looks: in capitals, so that nobody overlooks it. */
export const PLAIN_LISTENER = "firewalls, PLAIN";
