import pg from "pg";

/** Beside the numbers of points, so that no other lock of the installation is meant. */
const SPACE = 7_655_255;

/**
 * Makes sure that one gateway at a time posts to a firewall.
 *
 * Holds:    an advisory lock of the database for each firewall, all on one connection. They end with it: a gateway that
 *           dies or is cut off gives them up by that.
 * Promises: `onLost` is called as soon as the connection is known to be gone; until then another gateway may already
 *           have taken over, which the memory in the database makes harmless.
 */
export class PushLeases {
  readonly #databaseUrl: string;
  readonly #onLost: (error: unknown) => void;
  readonly #held = new Set<string>();
  #client: pg.Client | null = null;
  #connecting: Promise<pg.Client> | null = null;

  constructor(deps: { readonly databaseUrl: string; readonly onLost: (error: unknown) => void }) {
    this.#databaseUrl = deps.databaseUrl;
    this.#onLost = deps.onLost;
  }

  /** True while this gateway may post to the firewall. Throws where the database does not answer. */
  async take(pointId: string): Promise<boolean> {
    if (this.#held.has(pointId)) return true;
    const client = await this.#connected();
    const { rows } = await client.query<{ held: boolean }>(
      "SELECT pg_try_advisory_lock(hashtextextended($1, $2)) AS held",
      [pointId, SPACE],
    );
    if (rows[0]?.held !== true || this.#client !== client) return false;
    this.#held.add(pointId);
    return true;
  }

  async release(pointId: string): Promise<void> {
    if (!this.#held.delete(pointId)) return;
    // A connection that is gone has released it already.
    await this.#client
      ?.query("SELECT pg_advisory_unlock(hashtextextended($1, $2))", [pointId, SPACE])
      .catch(() => undefined);
  }

  async close(): Promise<void> {
    const client = this.#client;
    this.#client = null;
    this.#held.clear();
    await client?.end().catch(() => undefined);
  }

  async #connected(): Promise<pg.Client> {
    if (this.#client !== null) return this.#client;
    this.#connecting ??= this.#connect().finally(() => {
      this.#connecting = null;
    });
    return this.#connecting;
  }

  async #connect(): Promise<pg.Client> {
    const client = new pg.Client({
      connectionString: this.#databaseUrl,
      keepAlive: true,
      application_name: "rollcall-push",
    });
    client.on("error", (error) => {
      if (this.#client !== client) return;
      this.#client = null;
      this.#held.clear();
      this.#onLost(error);
    });
    await client.connect();
    this.#client = client;
    return client;
  }
}
