import type { Secret } from "@rollcall/config";
import type { SrxProfileDocument } from "@rollcall/srx-protocol";
import { type ReportedEntry, readAnswer } from "@rollcall/srx-protocol/recording";
import { Agent, type Dispatcher, request } from "undici";
import { messageOf } from "../agent-error.ts";
import type { ShadowBlock } from "./shadow-settings.ts";

const ANSWER_MS = 15_000;
const BODY_BYTES_MAX = 32 * 1024 * 1024;
const ENTRIES_A_PAGE = 1000;
const PAGES_MAX = 5000;
/** A token is fetched anew this long before it ends. */
const TOKEN_SPARE_MS = 30_000;

export type Pulled =
  | {
      readonly kind: "entries";
      readonly entries: readonly ReportedEntry[];
      readonly rejected: number;
      readonly isLast: boolean;
    }
  | { readonly kind: "failed"; readonly sentence: string };

/**
 * Asks another identity server as a firewall does: a token, everything from the start, then with the cookie.
 *
 * Shape:  `pull` gives one page and remembers where to go on; `restart` forgets it.
 * Errors: `failed` with a sentence that holds no secret; nothing is thrown. A page that was not understood is not passed over.
 * Source: docs/protocol/srx-query.md.
 */
export class OtherServer {
  readonly #settings: ShadowBlock;
  readonly #profile: SrxProfileDocument;
  readonly #secret: Secret;
  readonly #now: () => number;
  readonly #dispatcher: Dispatcher;
  readonly #base: string;
  #token: { readonly value: string; readonly endsAt: number } | null = null;
  #cookie: string | null = null;
  #pages = 0;

  constructor(options: {
    readonly settings: ShadowBlock;
    readonly profile: SrxProfileDocument;
    readonly secret: Secret;
    readonly now: () => number;
  }) {
    this.#settings = options.settings;
    this.#profile = options.profile;
    this.#secret = options.secret;
    this.#now = options.now;
    this.#base = options.settings.url.replace(/\/+$/, "");
    this.#dispatcher = new Agent({
      connect: {
        rejectUnauthorized: !options.settings.dangerouslyTrustAnyCertificate,
        ...(options.settings.caPem === undefined ? {} : { ca: options.settings.caPem }),
      },
      headersTimeout: ANSWER_MS,
      bodyTimeout: ANSWER_MS,
      maxResponseSize: BODY_BYTES_MAX,
      connections: 1,
    });
  }

  /** The next page is the first of everything. */
  restart(): void {
    this.#cookie = null;
    this.#pages = 0;
  }

  async pull(signal: AbortSignal): Promise<Pulled> {
    try {
      const token = await this.#tokenOf(signal);
      if (typeof token !== "string") return token;
      return await this.#batch(token, signal, true);
    } catch (error) {
      if (signal.aborted) throw error;
      return failed(`${this.#base} does not answer: ${messageOf(error)}`);
    }
  }

  close(): Promise<void> {
    return this.#dispatcher.destroy();
  }

  async #batch(token: string, signal: AbortSignal, mayRenew: boolean): Promise<Pulled> {
    const { batch } = this.#profile;
    const where = new URLSearchParams(
      this.#cookie === null
        ? { [batch.beginParams[0] ?? "begintime"]: "0" }
        : { [batch.cookieParams[0] ?? "cookie"]: this.#cookie },
    );
    where.set(batch.countParams[0] ?? "entry_count", String(Math.min(ENTRIES_A_PAGE, batch.maxEntries)));
    const reply = await request(`${this.#base}/${this.#settings.queryApi}/users/endpoints?${where}`, {
      dispatcher: this.#dispatcher,
      signal,
      headers: {
        authorization: `Bearer ${token}`,
        ...(this.#cookie !== null && batch.cookieOut.includes("setCookie")
          ? { cookie: `${batch.cookieName}=${this.#cookie}` }
          : {}),
      },
    });
    const text = await reply.body.text();
    if (reply.statusCode === 401 && mayRenew) {
      this.#token = null;
      const renewed = await this.#tokenOf(signal);
      return typeof renewed === "string" ? this.#batch(renewed, signal, false) : renewed;
    }
    if (reply.statusCode !== 200)
      return failed(`${this.#base} answers a batch query with ${reply.statusCode}.`);
    const answer = readAnswer(text, this.#profile);
    if (answer.kind === "malformed")
      return failed(`An answer of ${this.#base} cannot be read: ${answer.reason}. Choose another profile.`);
    const cookie = answer.cookie ?? this.#cookieOf(reply.headers);
    if (cookie === null) return failed(`An answer of ${this.#base} has no cookie where the profile says.`);
    const isLast =
      answer.entries.length + answer.rejected < Math.min(ENTRIES_A_PAGE, batch.maxEntries) ||
      cookie === this.#cookie;
    this.#cookie = cookie;
    this.#pages = isLast ? 0 : this.#pages + 1;
    if (this.#pages > PAGES_MAX)
      return failed(`${this.#base} does not come to an end: ${PAGES_MAX} full pages.`);
    return { kind: "entries", entries: answer.entries, rejected: answer.rejected, isLast };
  }

  #cookieOf(headers: Readonly<Record<string, string | string[] | undefined>>): string | null {
    const { batch } = this.#profile;
    const set = headers["set-cookie"];
    for (const line of Array.isArray(set) ? set : [set ?? ""])
      if (line.startsWith(`${batch.cookieName}=`))
        return line.slice(batch.cookieName.length + 1).split(";")[0] ?? null;
    const own = headers[batch.cookieHeader.toLowerCase()];
    return typeof own === "string" && batch.cookieOut.includes("header") ? own : null;
  }

  async #tokenOf(signal: AbortSignal): Promise<string | Extract<Pulled, { kind: "failed" }>> {
    if (this.#token !== null && this.#now() < this.#token.endsAt) return this.#token.value;
    const { clientId, tokenApi } = this.#settings;
    const [way = "form"] = this.#profile.token.accept;
    const secret = this.#secret.reveal();
    const fields = { grant_type: "client_credentials", client_id: clientId, client_secret: secret };
    const reply = await request(`${this.#base}/${tokenApi}`, {
      dispatcher: this.#dispatcher,
      signal,
      method: "POST",
      headers: {
        "content-type": way === "json" ? "application/json" : "application/x-www-form-urlencoded",
        ...(way === "basic"
          ? {
              authorization: `Basic ${Buffer.from(`${encodeURIComponent(clientId)}:${encodeURIComponent(secret)}`).toString("base64")}`,
            }
          : {}),
      },
      body:
        way === "json"
          ? JSON.stringify(fields)
          : new URLSearchParams(way === "basic" ? { grant_type: "client_credentials" } : fields).toString(),
    });
    const text = await reply.body.text();
    if (reply.statusCode !== 200)
      return failed(
        `${this.#base} gives no token to ${clientId} (${reply.statusCode}): check the client id and its secret.`,
      );
    const granted = grantIn(text);
    if (granted === null) return failed(`${this.#base} answers the token request with something else.`);
    this.#token = {
      value: granted.token,
      endsAt: this.#now() + Math.max(granted.lifetimeMs - TOKEN_SPARE_MS, granted.lifetimeMs / 2),
    };
    return granted.token;
  }
}

function grantIn(text: string): { readonly token: string; readonly lifetimeMs: number } | null {
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof answer !== "object" || answer === null || !("access_token" in answer)) return null;
  const { access_token: token } = answer;
  const seconds = "expires_in" in answer ? Number(answer.expires_in) : Number.NaN;
  if (typeof token !== "string" || !/^[\x21-\x7e]{1,4096}$/.test(token)) return null;
  return { token, lifetimeMs: Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : 300_000 };
}

function failed(sentence: string): Extract<Pulled, { kind: "failed" }> {
  return { kind: "failed", sentence };
}
