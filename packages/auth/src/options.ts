import type { SignInStore } from "@rollcall/db";
import type { NextAuthOptions } from "next-auth";
import Credentials from "next-auth/providers/credentials";
import { ABSOLUTE_MS, checkPassword, findLiveSignIn, newSignInToken } from "./sign-in.ts";

export interface SignInServices {
  readonly signIns: SignInStore;
  /** Cookie secret of next-auth's own cookies (CSRF). The sign-in token needs none: it is opaque. */
  readonly secret: string;
  /** https: cookies get the `__Secure-`/`__Host-` prefix and the Secure flag. */
  readonly isSecure: boolean;
  now(): number;
  /** Where the browser comes from, by the headers that the server trusts. */
  sourceIpOf(headers: Readonly<Record<string, unknown>>): string | null;
  /** Told of a check that could not be made, and of next-auth's own faults. The browser learns no word of them. */
  onFault(error: unknown, attempted: string): void;
  /** Told of each outcome, for the security log. */
  onSignIn(event: {
    readonly outcome: "signed-in" | "refused" | "wait";
    readonly sourceIp: string | null;
  }): void;
}

/** What the form is told when the password could not be checked: the fault is ours. */
export const SIGN_IN_UNAVAILABLE = "sign-in-unavailable";

export function signInCookieName(isSecure: boolean): string {
  return isSecure ? "__Host-rollcall.session-token" : "rollcall.session-token";
}

interface SignedInUser {
  readonly id: string;
  readonly sourceIp: string | null;
  readonly userAgent: string | null;
  /** What the browser held before: that sign-in ends with the new one. */
  readonly replaces: string | null;
}

/**
 * next-auth with passwords and sign-ins kept in the database.
 *
 * next-auth allows passwords only with its JWT strategy. What it would put into the cookie as a JWT is here an opaque
 * random token: `encode` hands it out, `decode` looks it up by its hash. So a sign-in can be listed and ended on the
 * server, and a dump of the table opens nothing.
 */
export function signInOptions(services: SignInServices): NextAuthOptions {
  const { signIns, isSecure } = services;
  return {
    secret: services.secret,
    session: { strategy: "jwt", maxAge: ABSOLUTE_MS / 1000 },
    pages: { signIn: "/sign-in", error: "/sign-in" },
    useSecureCookies: isSecure,
    cookies: {
      sessionToken: {
        name: signInCookieName(isSecure),
        options: { httpOnly: true, sameSite: "lax", path: "/", secure: isSecure },
      },
    },
    providers: [
      Credentials({
        name: "Password",
        credentials: { email: {}, password: {} },
        async authorize(given, request) {
          const headers = (request?.headers ?? {}) as Readonly<Record<string, unknown>>;
          const sourceIp = services.sourceIpOf(headers);
          const outcome = await checkPassword(
            signIns,
            { email: String(given?.email ?? ""), password: String(given?.password ?? ""), sourceIp },
            services.now(),
          ).catch((error: unknown) => {
            services.onFault(error, "check a password");
            throw new Error(SIGN_IN_UNAVAILABLE);
          });
          services.onSignIn({ outcome: outcome.kind, sourceIp });
          switch (outcome.kind) {
            case "wait":
              // next-auth hands the message to the form as its error.
              throw new Error(`wait-${outcome.seconds}`);
            case "refused":
              return null;
            case "signed-in": {
              const agent = headers["user-agent"];
              const user: SignedInUser = {
                id: outcome.person.id,
                sourceIp,
                userAgent: typeof agent === "string" ? agent.slice(0, 300) : null,
                replaces: tokenIn(headers.cookie, signInCookieName(isSecure)),
              };
              return user;
            }
          }
        },
      }),
    ],
    callbacks: {
      async jwt({ token, user }) {
        const fresh = user as unknown as SignedInUser | undefined;
        if (fresh === undefined) return token;
        const opaque = newSignInToken();
        if (fresh.replaces !== null) await signIns.endSignIn(fresh.replaces);
        await signIns.createSignIn({
          userId: fresh.id,
          token: opaque,
          expiresAt: new Date(services.now() + ABSOLUTE_MS),
          sourceIp: fresh.sourceIp,
          userAgent: fresh.userAgent,
        });
        return { ...token, sub: fresh.id, opaque };
      },
      session({ session, token }) {
        return { expires: session.expires, user: { id: token.sub } } as typeof session;
      },
    },
    jwt: {
      encode: async ({ token }) => (typeof token?.opaque === "string" ? token.opaque : ""),
      async decode({ token }) {
        const signIn = token
          ? await findLiveSignIn(signIns, token, { now: services.now(), isUse: false })
          : null;
        return signIn ? { sub: signIn.person.id, opaque: token } : null;
      },
    },
    events: {
      async signOut({ token }) {
        if (typeof token?.opaque === "string") await signIns.endSignIn(token.opaque);
      },
    },
    logger: {
      error: (code, metadata) => services.onFault(errorIn(metadata), `next-auth: ${code}`),
      warn: () => undefined,
      debug: () => undefined,
    },
  };
}

/** The sign-in token in a Cookie header. A name that stands twice counts as none. */
function tokenIn(header: unknown, name: string): string | null {
  const values = (typeof header === "string" ? header : "")
    .split(";")
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1));
  return values.length === 1 ? (values[0] ?? null) : null;
}

function errorIn(metadata: unknown): unknown {
  if (metadata instanceof Error) return metadata;
  if (typeof metadata === "object" && metadata !== null && "error" in metadata) return metadata.error;
  return new Error("next-auth reported a fault without saying which");
}
