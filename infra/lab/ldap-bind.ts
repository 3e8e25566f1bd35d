import { once } from "node:events";
import type { TcpNetConnectOpts } from "node:net";
import { type ConnectionOptions, connect } from "node:tls";

export interface LdapBind {
  readonly host: string;
  readonly port?: number;
  readonly caPem: string;
  /** The client's address: one of this machine's, as every address of 127.0.0.0/8 is. */
  readonly from: string;
  readonly user: string;
  readonly password: string;
}

/**
 * Logs on over LDAPS from a chosen address, and off again.
 *
 * Shape:  the LDAP result code: 0 is success, 49 a refusal. Written without the product's library on purpose: what
 *         the lab does must not depend on what it checks.
 * Source: RFC 4511, sections 4.2 and 4.3 (documented).
 */
export async function bindOverLdaps({
  host,
  port = 636,
  caPem,
  from,
  user,
  password,
}: LdapBind): Promise<number> {
  const options: ConnectionOptions & TcpNetConnectOpts = { host, port, localAddress: from, ca: [caPem] };
  const socket = connect(options);
  try {
    await once(socket, "secureConnect");
    const name = octets(0x04, Buffer.from(user));
    const secret = octets(0x80, Buffer.from(password));
    const request = octets(0x60, Buffer.concat([Buffer.from([0x02, 0x01, 0x03]), name, secret]));
    socket.write(octets(0x30, Buffer.concat([Buffer.from([0x02, 0x01, 0x01]), request])));
    const [answer] = (await once(socket, "data")) as [Buffer];
    // LDAPMessage { id, BindResponse [0x61] { resultCode ENUMERATED [0x0a] … } }
    const at = answer.indexOf(Buffer.from([0x0a, 0x01]));
    const code = answer[at + 2];
    if (at === -1 || code === undefined)
      throw new Error(`log on at ${host} over LDAPS: no bind response in the answer`);
    socket.write(octets(0x30, Buffer.from([0x02, 0x01, 0x02, 0x42, 0x00])));
    return code;
  } finally {
    socket.on("error", () => undefined);
    socket.end();
  }
}

/** One BER element; lengths up to 64 KiB. */
function octets(tag: number, content: Buffer): Buffer {
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content]);
  return Buffer.concat([Buffer.from([tag, 0x82, length >> 8, length & 0xff]), content]);
}
