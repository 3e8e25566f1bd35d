"use client";

import { Button } from "@rollcall/ui/button";
import { Notice } from "@rollcall/ui/notice";
import Link from "next/link";
import { useState } from "react";
import { AddMark } from "~/features/shared-hosts/add-mark.tsx";
import type { HostMark } from "~/features/shared-hosts/host-mark-words.ts";
import type { MarkSpace } from "~/features/shared-hosts/mark-form.tsx";
import { MARK_WORDS, type Mark, modeInWords } from "~/features/shared-hosts/mark-words.ts";
import { useCustomer } from "~/features/shell/customer-context.tsx";
import { useMay } from "~/features/shell/may.tsx";

/** Whether more than one person is behind an address, and the way to say so. */
export function MarksHere({
  ip,
  space,
  marks,
  hostMark,
  isKnown,
}: {
  ip: string;
  space: MarkSpace;
  marks: readonly Mark[];
  /** The mark of the computer that is there. */
  hostMark: HostMark | null;
  /** False until the marks have come: nobody is offered to mark what may be marked. */
  isKnown: boolean;
}) {
  const customer = useCustomer();
  const mayWrite = useMay("filter:write");
  const [adding, setAdding] = useState(false);
  return (
    <>
      {marks.map((mark) => (
        <Notice
          key={mark.id}
          tone="info"
          title={`${MARK_WORDS[mark.mark]}: ${mark.range} ${modeInWords(mark)}`}
          action={
            <Link className="rounded-sm font-semibold underline" href={`/c/${customer.slug}/shared`}>
              Change
            </Link>
          }
        >
          {mark.note === "" ? undefined : mark.note}
        </Notice>
      ))}
      {hostMark === null ? null : (
        <Notice
          tone="info"
          title={`Shared host: the computer here stands under ${hostMark.under} and ${modeInWords(hostMark)}`}
          action={
            <Link className="rounded-sm font-semibold underline" href={`/c/${customer.slug}/shared`}>
              Change
            </Link>
          }
        >
          {marks.length === 0
            ? hostMark.note === ""
              ? undefined
              : hostMark.note
            : "The mark of the address goes before it."}
        </Notice>
      )}
      {isKnown && mayWrite && marks.length === 0 && hostMark === null ? (
        <div>
          <Button size="small" onClick={() => setAdding(true)}>
            Mark as shared host or NAT…
          </Button>
        </div>
      ) : null}
      <AddMark open={adding} range={ip} spaces={[space]} onClose={() => setAdding(false)} />
    </>
  );
}
