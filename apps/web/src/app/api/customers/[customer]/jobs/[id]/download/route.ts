import { readJobFile } from "@rollcall/api/jobs/read-jobs";
import { openTenant } from "@rollcall/api/tenant";
import { cookieOf, requestContext } from "~/server/context.ts";

export const dynamic = "force-dynamic";

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The file that a job made (an audit export), for those who may have it. */
export async function GET(
  request: Request,
  { params }: { params: Promise<{ customer: string; id: string }> },
): Promise<Response> {
  const { customer, id } = await params;
  const { principal, ...rest } = await requestContext(cookieOf(request), request.headers, {
    isUse: true,
  });
  if (principal === null) return plain(401, "Sign in first.");
  if (!UUID.test(id)) return plain(404, "Not found.");
  const opened = await openTenant({ ...rest, principal }, customer, "job:read");
  if (opened.kind !== "open") return plain(opened.kind === "forbidden" ? 403 : 404, "Not found.");
  const file = await readJobFile(opened.context, id);
  switch (file.kind) {
    case "not-found":
      return plain(404, "Not found.");
    case "not-ready":
      return plain(409, "The job is not done yet.");
    case "file":
      return new Response(new Uint8Array(file.bytes), {
        headers: {
          "content-type": file.type,
          "content-disposition": `attachment; filename="${file.name.replace(/[^A-Za-z0-9._-]/g, "-")}"`,
          "cache-control": "no-store",
        },
      });
  }
}

function plain(status: number, text: string): Response {
  return new Response(text, { status, headers: { "cache-control": "no-store" } });
}
