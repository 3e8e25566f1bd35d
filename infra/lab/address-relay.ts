import { once } from "node:events";
import { connect, createServer } from "node:net";

export interface AddressRelay {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Passes TCP connections on from another address of this machine: for clients that cannot choose theirs (smbclient).
 * The server sees `from` as the client.
 */
export async function openAddressRelay(from: string, host: string, port: number): Promise<AddressRelay> {
  const server = createServer((inner) => {
    const outer = connect({ host, port, localAddress: from });
    inner.pipe(outer);
    outer.pipe(inner);
    inner.on("error", () => outer.destroy());
    outer.on("error", () => inner.destroy());
    inner.on("close", () => outer.destroy());
    outer.on("close", () => inner.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("open a relay: no port was given");
  return {
    port: address.port,
    async close() {
      server.close();
      await once(server, "close");
    },
  };
}
