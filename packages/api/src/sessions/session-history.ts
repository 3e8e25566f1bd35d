import type { TenantHandle } from "@rollcall/db";
import { z } from "zod";
import { type SessionNames, sourceName } from "./session-rows.ts";
import type { sessionDetail } from "./sessions.schema.ts";

type Line = z.infer<typeof sessionDetail>["history"][number];

const PAGE = 50;
const bodyShape = z.looseObject({ rule: z.string() });
const lineShape = z.object({
  verb: z.enum(["start", "refresh", "end"]),
  kind: z.enum(["user", "device"]),
  evidence: z.enum(["A", "B", "C", "D"]),
});

/** What sources said of one address, newest first, a page at a time. */
export async function readHistory(
  place: {
    readonly tx: TenantHandle["tx"];
    readonly tenantId: string;
    readonly names: SessionNames;
    readonly agents: ReadonlyMap<string, string>;
  },
  asked: { readonly ip: string; readonly addressSpaceId: string; readonly cursor: string | null },
): Promise<{ items: Line[]; next: string | null }> {
  const { tx, tenantId, names, agents } = place;
  const after = decodeCursor(asked.cursor);
  const rows = await tx.sessionHistory.findMany({
    where: {
      tenantId,
      ip: asked.ip,
      addressSpaceId: asked.addressSpaceId,
      ...(after === null
        ? {}
        : {
            OR: [
              { effectiveAt: { lt: after.at } },
              { effectiveAt: after.at, observationId: { gt: after.observationId } },
            ],
          }),
    },
    orderBy: [{ effectiveAt: "desc" }, { observationId: "asc" }],
    take: PAGE + 1,
  });
  const page = rows.slice(0, PAGE);
  const last = page.at(-1);
  return {
    items: page.flatMap((row): Line[] => {
      const line = lineShape.safeParse({ verb: row.verb, kind: row.kind, evidence: row.class });
      if (!line.success) return [];
      const body = bodyShape.safeParse(row.body);
      return [
        {
          ...line.data,
          at: row.effectiveAt,
          receivedAt: row.receivedAt,
          user: row.userName,
          domain: row.userDomain,
          source: { id: row.sourceId, name: sourceName(row.sourceId, names) },
          agent: row.agentId === null ? null : (agents.get(row.agentId) ?? null),
          rule: body.success ? body.data.rule : "",
        },
      ];
    }),
    next:
      rows.length > PAGE && last !== undefined ? encodeCursor(last.effectiveAt, last.observationId) : null,
  };
}

function encodeCursor(at: Date, observationId: string): string {
  return Buffer.from(`${at.getTime()} ${observationId}`, "utf8").toString("base64url");
}

function decodeCursor(text: string | null): { at: Date; observationId: string } | null {
  if (text === null) return null;
  const match = /^(\d{1,15}) ([^\0]{1,200})$/s.exec(Buffer.from(text, "base64url").toString("utf8"));
  return match?.[1] === undefined || match[2] === undefined
    ? null
    : { at: new Date(Number(match[1])), observationId: match[2] };
}
