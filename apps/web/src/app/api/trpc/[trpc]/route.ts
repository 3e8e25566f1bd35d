import { appRouter } from "@rollcall/api";
import { fetchRequestHandler } from "@trpc/server/adapters/fetch";
import { cookieOf, requestContext } from "~/server/context.ts";
import { isSameOrigin } from "~/server/same-origin.ts";
import { portal } from "~/server/services.ts";

export const dynamic = "force-dynamic";

const MAX_BODY_BYTES = 1_048_576;

async function handle(request: Request): Promise<Response> {
  const { config, services } = await portal();
  if (request.method === "POST") {
    if (!isSameOrigin(request, config.portalUrl)) return new Response("Forbidden", { status: 403 });
    if (!request.headers.get("content-type")?.startsWith("application/json"))
      return new Response("Unsupported Media Type", { status: 415 });
    if (Number(request.headers.get("content-length") ?? "0") > MAX_BODY_BYTES)
      return new Response("Content Too Large", { status: 413 });
  }
  const answer = await fetchRequestHandler({
    endpoint: "/api/trpc",
    req: request,
    router: appRouter,
    createContext: () => requestContext(cookieOf(request), request.headers),
    onError({ error, path, ctx }) {
      if (error.code !== "INTERNAL_SERVER_ERROR") return;
      services.reportError(error.cause ?? error, {
        attempted: `call ${path ?? "the API"}`,
        fields: ctx ? { requestId: ctx.requestId } : {},
      });
    },
  });
  answer.headers.set("cache-control", "no-store");
  return answer;
}

export { handle as GET, handle as POST };
