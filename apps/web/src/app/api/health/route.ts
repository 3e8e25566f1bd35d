import { portal } from "~/server/services.ts";

export const dynamic = "force-dynamic";

/** 200 when the portal can work, that is, when its database answers. */
export async function GET(): Promise<Response> {
  try {
    const { services } = await portal();
    await services.database.ping();
    return Response.json({ status: "ok" }, { headers: { "cache-control": "no-store" } });
  } catch {
    return Response.json(
      { status: "database-unreachable" },
      { status: 503, headers: { "cache-control": "no-store" } },
    );
  }
}
