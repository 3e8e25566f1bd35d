import { signInOptions } from "@rollcall/auth/options";
import NextAuth from "next-auth";
import { portal } from "~/server/services.ts";
import { sourceIpOf } from "~/server/source-ip.ts";

export const dynamic = "force-dynamic";

async function handle(request: Request, context: unknown): Promise<Response> {
  const { config, services, isSecure } = await portal();
  const options = signInOptions({
    signIns: services.database.signIns,
    secret: config.secret.reveal(),
    isSecure,
    now: services.now,
    sourceIpOf: (headers) => {
      const forwarded = headers["x-forwarded-for"];
      return sourceIpOf(typeof forwarded === "string" ? forwarded : null, config.isBehindProxy);
    },
    onSignIn: ({ outcome }) => services.log.info({ result: outcome }, "sign-in tried"),
  });
  return (await NextAuth(request as never, context as never, options)) as Response;
}

export { handle as GET, handle as POST };
