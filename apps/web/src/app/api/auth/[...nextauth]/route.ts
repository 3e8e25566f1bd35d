import { signInOptions } from "@rollcall/auth/options";
import NextAuth from "next-auth";
import { portal } from "~/server/services.ts";
import { sourceIpOf } from "~/server/source-ip.ts";

export const dynamic = "force-dynamic";

async function handle(request: Request, context: unknown): Promise<Response> {
  const { config, services, isSecure } = await portal();
  let isOurFault = false;
  const options = signInOptions({
    signIns: services.database.signIns,
    secret: config.secret.reveal(),
    isSecure,
    now: services.now,
    sourceIpOf: (headers) =>
      sourceIpOf((name) => {
        const value = headers[name];
        return typeof value === "string" ? value : null;
      }, config.isBehindProxy),
    onSignIn: ({ outcome }) => services.log.info({ outcome }, "sign-in tried"),
    onFault(error, attempted) {
      isOurFault = true;
      services.reportError(error, { attempted });
    },
  });
  const answer = (await NextAuth(request as never, context as never, options)) as Response;
  // next-auth says 401 for everything that its provider throws; a check that could not be made is no wrong password.
  if (!isOurFault || answer.status !== 401) return answer;
  return new Response(answer.body, { status: 503, headers: answer.headers });
}

export { handle as GET, handle as POST };
