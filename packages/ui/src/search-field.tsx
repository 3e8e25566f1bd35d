"use client";

import { Search, X } from "lucide-react";
import { useId } from "react";

/** One line that narrows the list below it. */
export function SearchField({
  label,
  placeholder,
  value,
  onChange,
  width = "normal",
}: {
  label: string;
  placeholder: string;
  value: string;
  onChange: (value: string) => void;
  width?: "normal" | "wide";
}) {
  const id = useId();
  return (
    <search className={`relative block w-full ${width === "wide" ? "sm:w-96" : "sm:w-72"}`}>
      <label htmlFor={id} className="sr-only">
        {label}
      </label>
      <Search
        aria-hidden
        size={16}
        strokeWidth={1.5}
        className="pointer-events-none absolute top-1/2 left-2.5 -translate-y-1/2 text-ink-3"
      />
      <input
        id={id}
        type="text"
        inputMode="search"
        autoComplete="off"
        spellCheck={false}
        placeholder={placeholder}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape" && value !== "") {
            event.preventDefault();
            onChange("");
          }
        }}
        className="h-(--ctl) w-full rounded-md border border-line-strong bg-surface pr-8 pl-8 text-sm"
      />
      {value === "" ? null : (
        <button
          type="button"
          aria-label="Clear"
          onClick={() => onChange("")}
          className="absolute top-1/2 right-1 inline-flex size-6 -translate-y-1/2 items-center justify-center rounded-sm text-ink-2 hover:text-ink"
        >
          <X aria-hidden size={14} strokeWidth={1.5} />
        </button>
      )}
    </search>
  );
}

/** A few views of one list, one of them chosen; counts say what each holds. */
export function FilterBar({
  label,
  value,
  onChange,
  options,
}: {
  label: string;
  value: string;
  onChange: (value: string) => void;
  options: readonly { readonly value: string; readonly label: string; readonly count?: number }[];
}) {
  return (
    <fieldset className="flex flex-wrap items-center gap-1.5">
      <legend className="sr-only">{label}</legend>
      {options.map((option) => {
        const chosen = option.value === value;
        return (
          <button
            key={option.value}
            type="button"
            aria-pressed={chosen}
            onClick={() => onChange(option.value)}
            className={`inline-flex h-7 items-center gap-1.5 rounded-sm px-2 text-sm ${chosen ? "bg-accent-wash font-semibold text-ink" : "text-ink-2 hover:bg-sunken hover:text-ink"}`}
          >
            {option.label}
            {option.count === undefined ? null : <span className="text-xs text-ink-3">{option.count}</span>}
          </button>
        );
      })}
    </fieldset>
  );
}
