import { PageBody, PageHead } from "@rollcall/ui/layout";
import { SkeletonTable } from "@rollcall/ui/table";

/** A page while it is asked for: its name at once, its columns after a moment, a word when it takes long. */
export function PageSkeleton({
  title,
  headers,
}: {
  title: string;
  headers?: readonly { readonly header: string; readonly width?: string }[];
}) {
  return (
    <>
      <PageHead title={title} summary={<span className="appear-after-wait">Still asking…</span>} />
      {headers === undefined ? (
        <PageBody>
          <div role="status" className="appear-late flex flex-col gap-5">
            <span className="sr-only">Loading</span>
            <div aria-hidden="true" className="h-24 rounded-md border border-line bg-surface" />
            <div aria-hidden="true" className="h-64 rounded-md border border-line bg-surface" />
          </div>
        </PageBody>
      ) : (
        <SkeletonTable headers={headers} />
      )}
    </>
  );
}
