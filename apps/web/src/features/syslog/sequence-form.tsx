"use client";

import type { Normalise, RuleAttribute, RuleProblem } from "@rollcall/syslog-rules";
import { Button, IconButton } from "@rollcall/ui/button";
import { CheckField, SelectField, TextField } from "@rollcall/ui/field";
import { ChevronDown, ChevronUp, X } from "lucide-react";
import {
  type EditedPattern,
  type EditedSequence,
  problemsAt,
  problemText,
  type SequenceEdit,
} from "./sequence-model.ts";

const ATTRIBUTES: readonly { value: RuleAttribute; label: string }[] = [
  { value: "user", label: "User" },
  { value: "domain", label: "Domain" },
  { value: "ip", label: "Address" },
  { value: "device", label: "Device" },
  { value: "correlator", label: "Connection id" },
  { value: "groups", label: "Groups" },
  { value: "ignore", label: "Ignored" },
];

const SPLITS: readonly { value: Normalise; label: string }[] = [
  { value: "none", label: "As it is" },
  { value: "domain-user", label: "Split DOMAIN\\user" },
  { value: "upn", label: "Split user@domain" },
  { value: "dn", label: "First value of a DN" },
];

export interface SequenceFormProps {
  readonly sequence: EditedSequence;
  readonly isFirst: boolean;
  readonly isLast: boolean;
  readonly problems: readonly RuleProblem[];
  readonly onEdit: (edit: SequenceEdit) => void;
}

/** One rule of a syslog source: what line is meant, what is taken from it, what proves it. */
export function SequenceForm({ sequence, isFirst, isLast, problems, onEdit }: SequenceFormProps) {
  const { id } = sequence;
  const change = (fields: Partial<Omit<EditedSequence, "id" | "ordinal">>) =>
    onEdit({ kind: "change", id, fields });
  const first = (field: RuleProblem["field"], index: number | null = null) => {
    const found = problemsAt(problems, id, field, index)[0];
    return found === undefined ? undefined : problemText(found);
  };
  const general = problemsAt(problems, id, "sequence");

  return (
    <fieldset className="flex min-w-0 flex-col gap-4 px-4 py-4">
      <legend className="sr-only">Rule {sequence.ordinal}</legend>
      <div className="flex flex-wrap items-end gap-3">
        <div className="min-w-40 flex-1">
          <TextField
            label="Description"
            value={sequence.description}
            placeholder="VPN up"
            onChange={(event) => change({ description: event.target.value })}
          />
        </div>
        <div className="w-40">
          <SelectField
            label="A match"
            value={sequence.kind}
            onChange={(event) => change({ kind: event.target.value === "end" ? "end" : "begin" })}
            options={[
              { value: "begin", label: "Begins a session" },
              { value: "end", label: "Ends a session" },
            ]}
          />
        </div>
        <div className="flex items-center gap-1">
          <IconButton
            name={`Move rule ${sequence.ordinal} up`}
            disabled={isFirst}
            onClick={() => onEdit({ kind: "move", id, by: -1 })}
          >
            <ChevronUp aria-hidden size={16} strokeWidth={1.5} />
          </IconButton>
          <IconButton
            name={`Move rule ${sequence.ordinal} down`}
            disabled={isLast}
            onClick={() => onEdit({ kind: "move", id, by: 1 })}
          >
            <ChevronDown aria-hidden size={16} strokeWidth={1.5} />
          </IconButton>
          <Button size="small" variant="danger" onClick={() => onEdit({ kind: "remove", id })}>
            Remove
          </Button>
        </div>
      </div>
      {general.length === 0 ? null : (
        <ul className="list-disc pl-5 text-xs font-semibold text-bad-ink">
          {general.map((problem) => (
            <li key={problem.message}>{problem.message}</li>
          ))}
        </ul>
      )}
      <TextField
        label="Trigger"
        mono
        spellCheck={false}
        value={sequence.trigger}
        error={first("trigger")}
        help="A line is meant when this expression is found in it. RE2 syntax."
        onChange={(event) => change({ trigger: event.target.value })}
      />
      <div className="flex flex-col gap-2">
        <div className="flex items-center gap-3">
          <h3 className="text-sm font-semibold">What is taken</h3>
          <Button
            size="small"
            variant="quiet"
            onClick={() => onEdit({ kind: "add-pattern", id, pattern: EMPTY_PATTERN })}
          >
            + Pattern
          </Button>
        </div>
        {sequence.patterns.length === 0 ? (
          <p className="text-xs text-ink-2">Mark a part of a line on the right, or add a pattern by hand.</p>
        ) : (
          <ol className="flex flex-col gap-3">
            {sequence.patterns.map((pattern, index) => (
              <PatternRow
                // biome-ignore lint/suspicious/noArrayIndexKey: a pattern is known by its place only
                key={index}
                pattern={pattern}
                index={index}
                error={first("pattern", index)}
                onChange={(fields) => onEdit({ kind: "change-pattern", id, index, fields })}
                onRemove={() => onEdit({ kind: "remove-pattern", id, index })}
              />
            ))}
          </ol>
        )}
      </div>
      <Samples
        title="Lines that must match"
        lines={sequence.positiveSamples}
        errorAt={(index) => first("positive-sample", index)}
        onRemove={(index) => onEdit({ kind: "remove-sample", id, sample: "positive", index })}
      />
      <Samples
        title="Lines that must not match"
        lines={sequence.negativeSamples}
        errorAt={(index) => first("negative-sample", index)}
        onRemove={(index) => onEdit({ kind: "remove-sample", id, sample: "negative", index })}
      />
      <details>
        <summary className="w-fit rounded-sm text-sm font-semibold text-accent">Advanced</summary>
        <div className="mt-3 flex flex-col gap-3">
          <CheckField
            label="Take the sender's address where no pattern gives one"
            checked={sequence.matchSourceIp}
            onChange={(event) => change({ matchSourceIp: event.target.checked })}
          />
          <div className="w-60">
            <TextField
              label="Starting time"
              note="minutes, 0: no limit"
              type="number"
              min={0}
              max={1440}
              value={sequence.startingTimeMinutes}
              help="Lines whose event is older than this when the source starts are left out."
              onChange={(event) =>
                change({ startingTimeMinutes: clamp(event.target.valueAsNumber, 0, 1440) })
              }
            />
          </div>
        </div>
      </details>
    </fieldset>
  );
}

const EMPTY_PATTERN: EditedPattern = {
  attribute: "user",
  pattern: "",
  returnCount: 1,
  normalise: "none",
  optional: false,
};

function clamp(value: number, low: number, high: number): number {
  return Number.isFinite(value) ? Math.min(high, Math.max(low, Math.round(value))) : low;
}

function PatternRow({
  pattern,
  index,
  error,
  onChange,
  onRemove,
}: {
  pattern: EditedPattern;
  index: number;
  error: string | undefined;
  onChange: (fields: Partial<EditedPattern>) => void;
  onRemove: () => void;
}) {
  const splits = pattern.attribute === "user" || pattern.attribute === "device";
  const spoken = `of pattern ${index + 1}`;
  return (
    <li className="flex flex-col gap-2 border-l-2 border-line pl-3">
      <div className="flex flex-wrap items-end gap-2">
        <div className="w-32">
          <SelectField
            label="Becomes"
            spoken={spoken}
            value={pattern.attribute}
            options={ATTRIBUTES}
            onChange={(event) => {
              const attribute = ATTRIBUTES.find((each) => each.value === event.target.value)?.value ?? "user";
              onChange(
                attribute === "user" || attribute === "device"
                  ? { attribute }
                  : { attribute, normalise: "none" },
              );
            }}
          />
        </div>
        {splits ? (
          <div className="w-44">
            <SelectField
              label="Split"
              spoken={spoken}
              value={pattern.normalise}
              options={SPLITS}
              onChange={(event) =>
                onChange({
                  normalise: SPLITS.find((each) => each.value === event.target.value)?.value ?? "none",
                })
              }
            />
          </div>
        ) : null}
        <div className="w-20">
          <TextField
            label="Match no."
            spoken={spoken}
            type="number"
            min={1}
            max={20}
            value={pattern.returnCount}
            onChange={(event) => onChange({ returnCount: clamp(event.target.valueAsNumber, 1, 20) })}
          />
        </div>
        <div className="flex h-(--ctl) items-center">
          <CheckField
            label="Optional"
            checked={pattern.optional}
            onChange={(event) => onChange({ optional: event.target.checked })}
          />
        </div>
        <div className="ml-auto flex h-(--ctl) items-center">
          <IconButton name={`Remove pattern ${index + 1}`} onClick={onRemove}>
            <X aria-hidden size={16} strokeWidth={1.5} />
          </IconButton>
        </div>
      </div>
      <TextField
        label={`Pattern ${index + 1}`}
        mono
        spellCheck={false}
        value={pattern.pattern}
        error={error}
        onChange={(event) => onChange({ pattern: event.target.value })}
      />
    </li>
  );
}

function Samples({
  title,
  lines,
  errorAt,
  onRemove,
}: {
  title: string;
  lines: readonly string[];
  errorAt: (index: number) => string | undefined;
  onRemove: (index: number) => void;
}) {
  return (
    <div className="flex flex-col gap-1">
      <h3 className="text-sm font-semibold">
        {title} <span className="font-normal text-ink-3">{lines.length}</span>
      </h3>
      {lines.length === 0 ? (
        <p className="text-xs text-ink-2">None yet: press the button beside a line.</p>
      ) : (
        <ul className="flex flex-col">
          {lines.map((line, index) => {
            const error = errorAt(index);
            return (
              <li key={line} className="flex items-start gap-2 border-b border-line py-1 last:border-b-0">
                <div className="min-w-0 flex-1">
                  <p className="truncate font-mono text-xs leading-5 text-ink-2" title={line}>
                    {line}
                  </p>
                  {error === undefined ? null : <p className="text-xs font-semibold text-bad-ink">{error}</p>}
                </div>
                <IconButton name={`Remove line ${index + 1} of "${title}"`} onClick={() => onRemove(index)}>
                  <X aria-hidden size={14} strokeWidth={1.5} />
                </IconButton>
              </li>
            );
          })}
        </ul>
      )}
    </div>
  );
}
