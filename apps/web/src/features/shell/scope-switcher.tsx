"use client";

import { lazy } from "react";
import { OnPress } from "./on-press.tsx";
import type { ShellCustomer } from "./person.ts";
import { SCOPE_BUTTON, SCOPE_HINT, ScopeFace } from "./scope-face.tsx";

const load = () => import("./scope-list.tsx");
const ScopeList = lazy(load);

/** The header's scope: all customers or one. */
export function ScopeSwitcher({ current }: { current: ShellCustomer | null }) {
  return (
    <OnPress
      load={load}
      button={
        <button type="button" className={SCOPE_BUTTON}>
          <ScopeFace current={current} />
          <span className="sr-only">. {SCOPE_HINT}</span>
        </button>
      }
    >
      <ScopeList current={current} />
    </OnPress>
  );
}
