import { Button } from "@rollcall/ui/button";
import { Dash, Mono } from "@rollcall/ui/layout";
import type { Column } from "@rollcall/ui/table";
import { Time } from "@rollcall/ui/time";
import type { HostMark } from "./host-mark-words.ts";
import { type Mark, modeInWords } from "./mark-words.ts";

/** What every mark says, whatever it marks: what firewalls are told, why, since when, and how to change it. */
export function markColumns<M extends Mark | HostMark>({
  nameOf,
  onChange,
  onRemove,
}: {
  nameOf: (row: M) => string;
  /** Null: who looks may not. */
  onChange: ((row: M) => void) | null;
  onRemove: ((row: M) => void) | null;
}): readonly Column<M>[] {
  return [
    {
      key: "mode",
      header: "What firewalls are told",
      phone: "line",
      width: "28%",
      cell: (row) => (
        <>
          {modeInWords(row)}
          {row.pseudoUser === null || row.pseudoUser.groups.length === 0 ? null : (
            <>
              {" "}
              in <Mono>{row.pseudoUser.groups.join(", ")}</Mono>
            </>
          )}
        </>
      ),
    },
    { key: "note", header: "Why", phone: "line", cell: (row) => (row.note === "" ? <Dash /> : row.note) },
    {
      key: "since",
      header: "Since",
      align: "end",
      phone: "hide",
      cell: (row) => <Time at={row.createdAt} />,
    },
    {
      key: "do",
      header: "Actions",
      headerHidden: true,
      align: "end",
      phoneLabel: "",
      cell: (row) =>
        onChange === null && onRemove === null ? null : (
          <span className="inline-flex gap-2">
            {onChange === null ? null : (
              <Button size="small" aria-label={`Change ${nameOf(row)}`} onClick={() => onChange(row)}>
                Change
              </Button>
            )}
            {onRemove === null ? null : (
              <Button
                size="small"
                variant="danger"
                aria-label={`Remove ${nameOf(row)}`}
                onClick={() => onRemove(row)}
              >
                Remove
              </Button>
            )}
          </span>
        ),
    },
  ];
}
