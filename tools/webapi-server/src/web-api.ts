import { timingSafeEqual } from "node:crypto";
import { AuthenticationTable } from "./authentication-table.ts";
import { readPost } from "./read-post.ts";

export const POST_PATH = "/api/userfw/v1/post-entry";
export const BODY_BYTES_MAX = 1_000_000;
const POSTS_KEPT = 1000;

/** How it misbehaves, or that it does not. */
export type Mode =
  | { readonly kind: "ok" }
  /** Every post is called malformed. */
  | { readonly kind: "malformed" }
  /** A post with a logon (or any entry) of one of these addresses is called malformed. */
  | { readonly kind: "poisoned"; readonly addresses: readonly string[]; readonly logoffsToo?: boolean }
  | { readonly kind: "unauthorized" }
  | { readonly kind: "busy"; readonly retryAfterSeconds: number | null }
  /** Nothing is answered. */
  | { readonly kind: "silent" }
  | { readonly kind: "slow"; readonly delayMs: number }
  /** The connection is cut after the post was read; `stored` says whether it was taken first. */
  | { readonly kind: "reset"; readonly stored: boolean };

export interface ReceivedPost {
  readonly clientAddress: string;
  readonly method: string;
  readonly path: string;
  readonly authorization: string | undefined;
  readonly contentType: string | undefined;
  readonly body: string;
}

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** What becomes of the connection. */
  readonly ending: "answer" | "reset" | "silence";
  readonly delayMs: number;
}

export interface WebApiOptions {
  readonly user: string;
  readonly password: string;
  /** Addresses that may post. Empty: any. */
  readonly clients: readonly string[];
  /** Says what is wrong with a post that its own reader has taken: another peer's judgement. */
  readonly alsoCheck?: (body: string) => string | null;
}

/** What became of one post: for a test or a person to read. */
export interface PostRecord {
  readonly status: number;
  readonly bytes: number;
  readonly ips: readonly string[];
  readonly problem: string | null;
  readonly body: string;
}

/**
 * A firewall's Web API without its sockets: a post in, a reply out.
 *
 * Holds:    the table, the mode, and the newest posts.
 * Promises: nothing of a post is taken unless all of it is right; a refused one changes nothing.
 * Source:   docs/protocol/srx-push.md, "the request" (seen in code; 401 and 503 inferred from public senders).
 */
export class WebApi {
  readonly table = new AuthenticationTable();
  readonly posts: PostRecord[] = [];
  mode: Mode = { kind: "ok" };
  readonly #options: WebApiOptions;

  constructor(options: WebApiOptions) {
    this.#options = options;
  }

  receive(post: ReceivedPost): Reply {
    const refusal = this.#refusal(post);
    if (refusal !== null) return this.#record(post, [], refusal.problem, answer(refusal.status));
    const { mode } = this;
    if (mode.kind === "silent") return this.#record(post, [], "silent", { ...answer(0), ending: "silence" });
    if (mode.kind === "busy") {
      const headers: Record<string, string> =
        mode.retryAfterSeconds === null ? {} : { "Retry-After": String(mode.retryAfterSeconds) };
      return this.#record(post, [], "busy", { ...answer(503), headers });
    }
    if (mode.kind === "malformed") return this.#record(post, [], "told to refuse", answer(400));
    const reading = readPost(post.body);
    if (reading.kind === "malformed") return this.#record(post, [], reading.problem, answer(400));
    const problem = this.#options.alsoCheck?.(post.body) ?? null;
    const ips = reading.entries.map(({ ip }) => ip);
    if (problem !== null) return this.#record(post, ips, problem, answer(400));
    if (mode.kind === "poisoned") {
      const poisoned = reading.entries.find(
        ({ ip, operation }) =>
          (operation === "logon" || mode.logoffsToo === true) && mode.addresses.includes(ip),
      );
      if (poisoned) return this.#record(post, ips, `told to refuse ${poisoned.ip}`, answer(400));
    }
    if (mode.kind === "reset" && !mode.stored)
      return this.#record(post, ips, "reset", { ...answer(0), ending: "reset" });
    for (const entry of reading.entries) this.table.apply(entry);
    if (mode.kind === "reset") return this.#record(post, ips, "reset", { ...answer(0), ending: "reset" });
    return this.#record(post, ips, null, {
      ...answer(200),
      delayMs: mode.kind === "slow" ? mode.delayMs : 0,
    });
  }

  #refusal(post: ReceivedPost): { status: number; problem: string } | null {
    const { clients, user, password } = this.#options;
    if (clients.length > 0 && !clients.includes(post.clientAddress))
      return { status: 403, problem: `${post.clientAddress} may not post` };
    if (post.path !== POST_PATH) return { status: 404, problem: `path ${post.path}` };
    if (post.method !== "POST") return { status: 405, problem: `method ${post.method}` };
    const expected = `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
    if (this.mode.kind === "unauthorized" || !isEqual(post.authorization ?? "", expected))
      return { status: 401, problem: "wrong user or password" };
    if (!/^(?:application|text)\/xml(?:; ?charset=utf-8)?$/i.test(post.contentType ?? ""))
      return { status: 415, problem: `Content-Type ${post.contentType ?? "missing"}` };
    if (Buffer.byteLength(post.body) > BODY_BYTES_MAX) return { status: 413, problem: "more than 1 MB" };
    return null;
  }

  #record(post: ReceivedPost, ips: readonly string[], problem: string | null, reply: Reply): Reply {
    this.posts.push({
      status: reply.status,
      bytes: Buffer.byteLength(post.body),
      ips,
      problem,
      body: post.body,
    });
    if (this.posts.length > POSTS_KEPT) this.posts.shift();
    return reply;
  }
}

function answer(status: number): Reply {
  return {
    status,
    headers: status === 401 ? { "WWW-Authenticate": 'Basic realm="webapi"' } : {},
    body: "",
    ending: "answer",
    delayMs: 0,
  };
}

function isEqual(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}
