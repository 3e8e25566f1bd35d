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
    // The header of our own is one that a form of another site cannot send.
    if (!isSameOrigin(request, config.portalUrl) || request.headers.get("x-rollcall-request") === null)
      return new Response("Forbidden", { status: 403 });
    if (!request.headers.get("content-type")?.startsWith("application/json"))
      return new Response("Unsupported Media Type", { status: 415 });
    const length = request.headers.get("content-length");
    if (length === null) return new Response("Length Required", { status: 411 });
    if (Number(length) > MAX_BODY_BYTES) return new Response("Content Too Large", { status: 413 });
  }
  const answer = await fetchRequestHandler({
    endpoint: "/api/trpc",
    req: request,
    router: appRouter,
    createContext: () => requestContext(cookieOf(request), request.headers, { isUse: isUse(request) }),
    onError({ error, path, ctx }) {
      if (error.code !== "INTERNAL_SERVER_ERROR") return;
      services.reportError(error.cause ?? error, {
        attempted: `call ${path ?? "the API"}`,
        fields: ctx ? { requestId: ctx.requestId } : {},
      });
    },
  });
  // no-transform: a proxy that compresses the stream of changes would hold its ticks back.
  answer.headers.set("cache-control", "no-store, no-transform");
  return answer;
}

/** A change is the person's doing; a question is when the page says that the person was active just now. */
function isUse(request: Request): boolean {
  return request.method === "POST" || request.headers.get("x-rollcall-active") === "1";
}

export { handle as GET, handle as POST };
