"use client";

import Link from "next/link";
import { usePathname, useSearchParams } from "next/navigation";
import { useRights } from "./may.tsx";
import { allowedNav, type NavCounts, type NavGroup } from "./navigation.ts";

/** The left navigation. Items have no icons; the current one is marked by wash, edge and `aria-current`. */
export function SideNav({
  groups,
  counts,
  label,
  onGo,
}: {
  groups: readonly NavGroup[];
  counts: NavCounts;
  label: string;
  onGo?: () => void;
}) {
  const pathname = usePathname();
  const rights = useRights();
  // The site chosen in the header goes along from page to page.
  const site = useSearchParams().get("site");
  return (
    <nav aria-label={label} className="flex flex-col gap-4">
      {allowedNav(groups, (right) => rights.has(right)).map((group) => (
        <div key={group.label ?? "first"}>
          {group.label === null ? null : <p className="eyebrow px-3 pb-1">{group.label}</p>}
          <ul>
            {group.items.map((item) => {
              const isHere =
                item.exact === true
                  ? pathname === item.href
                  : pathname === item.href || pathname.startsWith(`${item.href}/`);
              const count = item.count === undefined ? undefined : counts[item.count];
              return (
                <li key={item.href}>
                  <Link
                    href={site === null ? item.href : `${item.href}?site=${encodeURIComponent(site)}`}
                    onClick={onGo}
                    aria-current={isHere ? "page" : undefined}
                    className={`flex h-7 items-center justify-between rounded-r-sm border-l-2 pr-3 pl-[10px] text-sm ${
                      isHere
                        ? "border-accent bg-accent-wash font-semibold text-ink"
                        : "border-transparent text-ink-2 hover:bg-sunken hover:text-ink"
                    }`}
                  >
                    {item.label}
                    {count === undefined || count === 0 ? null : item.calls === undefined ? (
                      <span className="text-xs font-normal text-ink-3">{count.toLocaleString("en-GB")}</span>
                    ) : (
                      <span className="rounded-sm bg-warn-wash px-1.5 text-xs font-semibold text-warn-ink">
                        {count.toLocaleString("en-GB")}
                        <span className="sr-only"> {item.calls}</span>
                      </span>
                    )}
                  </Link>
                </li>
              );
            })}
          </ul>
        </div>
      ))}
    </nav>
  );
}
