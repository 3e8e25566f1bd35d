"use client";

import {
  type InputHTMLAttributes,
  type ReactNode,
  type Ref,
  type SelectHTMLAttributes,
  type TextareaHTMLAttributes,
  useEffect,
  useId,
  useRef,
  useState,
} from "react";
import { StateGlyph } from "./state.tsx";

const CONTROL =
  "w-full min-w-0 rounded-md border bg-surface text-sm text-ink disabled:bg-off-wash disabled:text-ink-3 [&[readonly]]:bg-sunken";

interface Labelled {
  readonly label: string;
  readonly help?: ReactNode;
  readonly error?: string | undefined;
  /** Heard after the label and not seen: tells rows of equal fields apart. */
  readonly spoken?: string;
  /** Said after the label: "optional". Required is the rule and is not marked. */
  readonly note?: string;
}

function describedBy(id: string, help: ReactNode, error: string | undefined): string | undefined {
  const ids = [error === undefined ? null : `${id}-error`, help === undefined ? null : `${id}-help`].filter(
    (each) => each !== null,
  );
  return ids.length === 0 ? undefined : ids.join(" ");
}

function Frame({
  id,
  label,
  help,
  error,
  note,
  spoken,
  children,
}: Labelled & { id: string; children: ReactNode }) {
  return (
    <div className="flex min-w-0 flex-col gap-1">
      <label htmlFor={id} className="text-sm font-semibold text-ink">
        {label}
        {spoken === undefined ? null : <span className="sr-only"> {spoken}</span>}
        {note === undefined ? null : <span className="font-normal text-ink-3"> · {note}</span>}
      </label>
      {children}
      <FieldError id={id} error={error} />
      {help === undefined ? null : (
        <p id={`${id}-help`} className="text-xs text-ink-2">
          {help}
        </p>
      )}
    </div>
  );
}

function FieldError({ id, error }: { id: string; error: string | undefined }) {
  if (error === undefined) return null;
  return (
    <p id={`${id}-error`} className="flex items-start gap-1.5 text-xs font-semibold text-bad-ink">
      <span className="mt-[3px]">
        <StateGlyph state="bad" />
      </span>
      {error}
    </p>
  );
}

const borderOf = (error: string | undefined) => (error === undefined ? "border-line-strong" : "border-bad");

export interface TextFieldProps
  extends Labelled,
    Omit<InputHTMLAttributes<HTMLInputElement>, "className" | "style" | "id"> {
  readonly mono?: boolean;
  readonly ref?: Ref<HTMLInputElement>;
}

/** A line of text with its label above and its help below. Takes what react-hook-form's `register` gives. */
export function TextField({ label, help, error, note, spoken, mono = false, ...input }: TextFieldProps) {
  const id = useId();
  return (
    <Frame id={id} label={label} help={help} error={error} note={note} spoken={spoken}>
      <input
        {...input}
        id={id}
        aria-invalid={error === undefined ? undefined : true}
        aria-describedby={describedBy(id, help, error)}
        className={`${CONTROL} h-(--ctl) px-2.5 ${borderOf(error)} ${mono ? "font-mono" : ""}`}
      />
    </Frame>
  );
}

/** A password with a way to look at it. Password managers see an ordinary password input. */
export function PasswordField({ label, help, error, note, spoken, ...input }: TextFieldProps) {
  const id = useId();
  const [shown, setShown] = useState(false);
  return (
    <Frame id={id} label={label} help={help} error={error} note={note} spoken={spoken}>
      <div className="relative">
        <input
          {...input}
          id={id}
          type={shown ? "text" : "password"}
          aria-invalid={error === undefined ? undefined : true}
          aria-describedby={describedBy(id, help, error)}
          className={`${CONTROL} h-(--ctl) pr-16 pl-2.5 ${borderOf(error)}`}
        />
        <button
          type="button"
          aria-pressed={shown}
          aria-label={shown ? "Hide what is typed" : "Show what is typed"}
          onClick={() => setShown(!shown)}
          className="absolute inset-y-0.5 right-0.5 rounded-sm px-2 text-xs font-semibold text-ink-2 hover:text-ink"
        >
          {shown ? "Hide" : "Show"}
        </button>
      </div>
    </Frame>
  );
}

export interface TextAreaFieldProps
  extends Labelled,
    Omit<TextareaHTMLAttributes<HTMLTextAreaElement>, "className" | "style" | "id"> {
  readonly mono?: boolean;
  readonly ref?: Ref<HTMLTextAreaElement>;
}

export function TextAreaField({
  label,
  help,
  error,
  note,
  spoken,
  mono = false,
  rows = 3,
  ...input
}: TextAreaFieldProps) {
  const id = useId();
  return (
    <Frame id={id} label={label} help={help} error={error} note={note} spoken={spoken}>
      <textarea
        {...input}
        id={id}
        rows={rows}
        aria-invalid={error === undefined ? undefined : true}
        aria-describedby={describedBy(id, help, error)}
        className={`${CONTROL} min-h-(--ctl) px-2.5 py-1.5 ${borderOf(error)} ${mono ? "font-mono" : ""}`}
      />
    </Frame>
  );
}

export interface SelectFieldProps
  extends Labelled,
    Omit<SelectHTMLAttributes<HTMLSelectElement>, "className" | "style" | "id"> {
  readonly options: readonly { readonly value: string; readonly label: string }[];
  readonly ref?: Ref<HTMLSelectElement>;
}

/** The platform's own list: it types ahead, scrolls and speaks as its reader is used to, on a phone too. */
export function SelectField({ label, help, error, note, spoken, options, ...select }: SelectFieldProps) {
  const id = useId();
  return (
    <Frame id={id} label={label} help={help} error={error} note={note} spoken={spoken}>
      <span className="relative block">
        <select
          {...select}
          id={id}
          aria-invalid={error === undefined ? undefined : true}
          aria-describedby={describedBy(id, help, error)}
          className={`${CONTROL} h-(--ctl) appearance-none pr-7 pl-2.5 ${borderOf(error)}`}
        >
          {options.map((option) => (
            <option key={option.value} value={option.value}>
              {option.label}
            </option>
          ))}
        </select>
        <Caret />
      </span>
    </Frame>
  );
}

export function Caret() {
  return (
    <svg
      viewBox="0 0 10 10"
      aria-hidden
      className="pointer-events-none absolute top-1/2 right-2.5 size-2.5 -translate-y-1/2 text-ink-2"
    >
      <path d="M1 3.2h8L5 7.8Z" fill="currentColor" />
    </svg>
  );
}

export interface CheckFieldProps
  extends Omit<InputHTMLAttributes<HTMLInputElement>, "className" | "style" | "id" | "type"> {
  readonly label: ReactNode;
  readonly help?: ReactNode;
  readonly ref?: Ref<HTMLInputElement>;
}

/** A tick with its words beside it; the whole line is the target. */
export function CheckField({ label, help, ...input }: CheckFieldProps) {
  const id = useId();
  return (
    <div className="flex items-start gap-2">
      <input
        {...input}
        id={id}
        type="checkbox"
        aria-describedby={help === undefined ? undefined : `${id}-help`}
        className="mt-0.5 size-4 shrink-0 accent-(--accent)"
      />
      <div className="min-w-0">
        <label htmlFor={id} className="block min-h-5 text-sm text-ink">
          {label}
        </label>
        {help === undefined ? null : (
          <p id={`${id}-help`} className="text-xs text-ink-2">
            {help}
          </p>
        )}
      </div>
    </div>
  );
}

export interface ChoiceFieldProps {
  readonly label: string;
  readonly name: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly options: readonly { readonly value: string; readonly label: string; readonly help?: string }[];
  readonly error?: string | undefined;
}

/** A few exclusive choices, all in sight. */
export function ChoiceField({ label, name, value, onChange, options, error }: ChoiceFieldProps) {
  const id = useId();
  return (
    <fieldset
      className="flex flex-col gap-1.5"
      aria-describedby={error === undefined ? undefined : `${id}-error`}
    >
      <legend className="mb-1 text-sm font-semibold text-ink">{label}</legend>
      <FieldError id={id} error={error} />
      {options.map((option) => (
        <label key={option.value} className="flex items-start gap-2 text-sm">
          <input
            type="radio"
            name={name}
            value={option.value}
            checked={value === option.value}
            onChange={() => onChange(option.value)}
            className="mt-0.5 size-4 shrink-0 accent-(--accent)"
          />
          <span>
            {option.label}
            {option.help === undefined ? null : (
              <span className="block text-xs text-ink-2">{option.help}</span>
            )}
          </span>
        </label>
      ))}
    </fieldset>
  );
}

/**
 * What a form could not do, at its top, with the focus on it.
 * Shape: nothing when there is nothing to say. `items` may point at a field by the text of its label.
 */
export function FormErrors({ title, items }: { title: string; items: readonly string[] }) {
  const ref = useRef<HTMLDivElement>(null);
  const key = items.join("\n");
  useEffect(() => {
    if (key !== "") ref.current?.focus();
  }, [key]);
  if (items.length === 0) return null;
  return (
    <div
      ref={ref}
      role="alert"
      tabIndex={-1}
      className="rounded-md border border-bad bg-bad-wash px-3 py-2 text-sm text-bad-ink outline-none"
    >
      <p className="font-semibold">{title}</p>
      {items.length === 1 ? (
        items[0] === title ? null : (
          <p>{items[0]}</p>
        )
      ) : (
        <ul className="mt-1 list-disc pl-5">
          {items.map((item) => (
            <li key={item}>{item}</li>
          ))}
        </ul>
      )}
    </div>
  );
}
