import { parseDnPath } from "@rollcall/identity-core";
import type { Outputs } from "~/trpc/outputs.ts";

export type HostMark = Outputs["hostMarks"]["list"]["items"][number];

/** Whom the mark means besides the place itself; null: every computer there. */
export function narrowedInWords({ remoteDesktopOnly }: Pick<HostMark, "remoteDesktopOnly">): string | null {
  return remoteDesktopOnly ? "only with a Remote Desktop service name" : null;
}

/** What is worth a second look before every computer of a whole domain is nobody's; null where nothing is. */
export function widenessOf({
  under,
  remoteDesktopOnly,
}: Pick<HostMark, "under" | "remoteDesktopOnly">): string | null {
  const isDomain = parseDnPath(under)?.every((part) => part.startsWith("dc=")) ?? false;
  if (!isDomain) return null;
  return remoteDesktopOnly
    ? "This is a whole domain: every computer in it that takes remote desktop connections, workstations among them, would name nobody. Choose the OU of the session hosts."
    : "This is a whole domain: no computer in it would name anybody. Choose the OU of the session hosts.";
}
