import type { NextAuthOptions, User } from "next-auth";
import type { JWT } from "next-auth/jwt";
import CredentialsProvider from "next-auth/providers/credentials";
import { signInCookie, tokenIn } from "./sign-in-cookie.ts";
import { ABSOLUTE_MS, type SignInService } from "./sign-in-service.ts";

export interface SignInOptions {
  readonly service: SignInService;
  /** NEXTAUTH_URL. */
  readonly portalUrl: string;
  /** NEXTAUTH_SECRET: of the anti-forgery token. Sign-ins do not depend on it. */
  readonly secret: string;
  /** The browser's address as the nearest proxy of ours saw it. */
  sourceIpOf(headers: Readonly<Record<string, string | undefined>>): string | null;
  /** Told of a sign-in that could not be checked, and of next-auth's own faults. */
  onFault(error: unknown, attempted: string): void;
}

/** What the page switches on: `too-many-tries:12` (seconds), `sign-in-unavailable`. */
export const SIGN_IN_UNAVAILABLE = "sign-in-unavailable";

interface SignedInUser extends User {
  readonly signInToken: string;
}

/**
 * next-auth with sign-ins that live in the database.
 *
 * Its strategy is called "jwt" and there is no JWT: `encode` hands out the opaque token, `decode` looks it up. (Its own
 * database strategy refuses to work with passwords alone.) So ending the row ends the sign-in, wherever the cookie is.
 * Errors: a fault never reaches the browser in words; the answer says `sign-in-unavailable`.
 */
export function nextAuthOptions(options: SignInOptions): NextAuthOptions {
  const { service, portalUrl, secret, onFault } = options;
  const cookie = signInCookie(portalUrl);
  return {
    secret,
    session: { strategy: "jwt", maxAge: ABSOLUTE_MS / 1000 },
    pages: { signIn: "/sign-in", signOut: "/sign-in", error: "/sign-in" },
    cookies: { sessionToken: cookie },
    providers: [
      CredentialsProvider({
        name: "E-mail and password",
        credentials: { email: { type: "email" }, password: { type: "password" } },
        async authorize(credentials, request): Promise<SignedInUser | null> {
          const email = textOf(credentials?.email, 320);
          const password = textOf(credentials?.password, 4096);
          if (email === null || password === null) return null;
          const headers = headersOf(request.headers);
          const outcome = await service
            .attempt({
              email,
              password,
              sourceIp: options.sourceIpOf(headers),
              userAgent: headers["user-agent"] ?? null,
              replaces: tokenIn(headers.cookie, cookie.name),
            })
            .catch((error: unknown) => {
              onFault(error, "check a sign-in");
              throw new Error(SIGN_IN_UNAVAILABLE);
            });
          switch (outcome.kind) {
            case "signed-in":
              return { ...outcome.person, signInToken: outcome.token };
            case "refused":
              return null;
            case "wait":
              throw new Error(`too-many-tries:${outcome.seconds}`);
          }
        },
      }),
    ],
    callbacks: {
      jwt: ({ token, user }) => (hasToken(user) ? { ...token, signInToken: user.signInToken } : token),
      session: ({ session, token }) => ({
        expires: session.expires,
        user: { name: token.name ?? null, email: token.email ?? null },
      }),
      redirect: ({ url, baseUrl }) => (isWithin(url, baseUrl) ? new URL(url, baseUrl).toString() : baseUrl),
    },
    events: {
      async signOut({ token }) {
        if (hasToken(token)) await service.end(token.signInToken);
      },
    },
    jwt: {
      maxAge: ABSOLUTE_MS / 1000,
      encode: ({ token }) => Promise.resolve(hasToken(token) ? token.signInToken : ""),
      async decode({ token }): Promise<JWT | null> {
        if (!token) return null;
        const principal = await service.resolve(token, { isUse: false });
        if (principal === null) return null;
        return { sub: principal.userId, name: principal.name, email: principal.email, signInToken: token };
      },
    },
    logger: {
      error: (code, metadata) => onFault(errorIn(metadata), `next-auth: ${code}`),
      warn: () => undefined,
      debug: () => undefined,
    },
  };
}

function hasToken(value: unknown): value is { readonly signInToken: string } {
  return (
    typeof value === "object" &&
    value !== null &&
    "signInToken" in value &&
    typeof value.signInToken === "string"
  );
}

function textOf(value: unknown, max: number): string | null {
  return typeof value === "string" && value !== "" && value.length <= max ? value : null;
}

function headersOf(headers: unknown): Record<string, string | undefined> {
  if (typeof headers !== "object" || headers === null) return {};
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name.toLowerCase(),
      typeof value === "string" ? value : undefined,
    ]),
  );
}

/** Never to another site: also not by a path that browsers read as one ("//evil.example"). */
function isWithin(url: string, baseUrl: string): boolean {
  return URL.canParse(url, baseUrl) && new URL(url, baseUrl).origin === new URL(baseUrl).origin;
}

function errorIn(metadata: unknown): unknown {
  if (metadata instanceof Error) return metadata;
  if (typeof metadata === "object" && metadata !== null && "error" in metadata) return metadata.error;
  return new Error("next-auth reported a fault without saying which");
}
