import { cva, type VariantProps } from "class-variance-authority";
import type { ButtonHTMLAttributes, ReactNode, Ref } from "react";

/** Class recipe of a button, for links that look like one. */
export const buttonClass = cva(
  "inline-flex shrink-0 items-center justify-center gap-1.5 rounded-md text-sm font-semibold whitespace-nowrap select-none disabled:border-transparent disabled:bg-off-wash disabled:text-ink-3 aria-disabled:bg-off-wash aria-disabled:text-ink-3",
  {
    variants: {
      variant: {
        primary: "bg-ink text-canvas hover:bg-ink/88",
        accent: "bg-accent text-accent-ink hover:bg-accent/88",
        secondary: "border border-line-strong bg-surface text-ink hover:bg-sunken",
        danger: "border border-bad bg-surface text-bad-ink hover:bg-bad-wash",
        "danger-solid": "bg-bad text-surface hover:bg-bad/88",
        quiet: "text-accent underline-offset-2 hover:underline disabled:bg-transparent",
      },
      size: {
        normal: "h-(--ctl) px-3",
        small: "h-7 px-2",
        inline: "h-6 px-0",
      },
    },
    defaultVariants: { variant: "secondary", size: "normal" },
  },
);

export interface ButtonProps
  extends Omit<ButtonHTMLAttributes<HTMLButtonElement>, "className" | "style">,
    VariantProps<typeof buttonClass> {
  readonly children: ReactNode;
  /** Work is under way: the button keeps its place and its words, and cannot be pressed twice. */
  readonly busy?: boolean;
  readonly ref?: Ref<HTMLButtonElement>;
}

export function Button({
  variant,
  size,
  busy = false,
  type = "button",
  disabled,
  children,
  ...rest
}: ButtonProps) {
  return (
    <button
      {...rest}
      type={type}
      disabled={disabled === true || busy}
      aria-busy={busy ? true : undefined}
      className={buttonClass({ variant, size })}
    >
      {busy ? <Spinner /> : null}
      {children}
    </button>
  );
}

/** A small turning ring for work of unknown length inside a control; never for a page. */
export function Spinner() {
  return (
    <svg viewBox="0 0 12 12" aria-hidden className="size-3 animate-spin motion-reduce:animate-none">
      <circle cx="6" cy="6" r="4.75" fill="none" stroke="currentColor" strokeWidth="1.5" strokeOpacity=".3" />
      <path d="M6 1.25A4.75 4.75 0 0 1 10.75 6" fill="none" stroke="currentColor" strokeWidth="1.5" />
    </svg>
  );
}

/** A square button that holds one of the four lone symbols. It always has a name. */
export function IconButton({
  name,
  children,
  ...rest
}: Omit<ButtonHTMLAttributes<HTMLButtonElement>, "className" | "style" | "aria-label"> & {
  readonly name: string;
  readonly ref?: Ref<HTMLButtonElement>;
}) {
  return (
    <button
      {...rest}
      type="button"
      aria-label={name}
      title={name}
      className="inline-flex size-7 shrink-0 items-center justify-center rounded-md text-ink-2 hover:bg-sunken hover:text-ink disabled:text-ink-3"
    >
      {children}
    </button>
  );
}
