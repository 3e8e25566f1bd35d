import { buttonClass } from "@rollcall/ui/button";
import { ErrorState } from "@rollcall/ui/error-state";
import Link from "next/link";
import type { ReactNode } from "react";

/** Nothing stands at this address, or it is somebody else's: we do not say which. */
export function NotHere({ children, action }: { children: ReactNode; action?: ReactNode }) {
  return (
    <ErrorState
      title="There is nothing here"
      actions={
        action ?? (
          <Link href="/" className={buttonClass({ variant: "primary" })}>
            To the start
          </Link>
        )
      }
    >
      {children}
    </ErrorState>
  );
}

/** The person is known, the page exists, and their role does not open it. */
export function NotAllowed() {
  return (
    <ErrorState
      title="Your role does not open this page"
      actions={
        <Link href="/" className={buttonClass({ variant: "primary" })}>
          To the start
        </Link>
      }
    >
      <p>Owners of your practice give roles. Ask one of them if you need this page for your work.</p>
    </ErrorState>
  );
}
