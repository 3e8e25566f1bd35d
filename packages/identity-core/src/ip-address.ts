declare const brand: unique symbol;
/** A canonical IPv4 or IPv6 address: `::ffff:a.b.c.d` is unmapped, IPv6 is lower case and compressed, no zone. */
export type IpAddress = string & { readonly [brand]: "IpAddress" };
