import type { Metadata } from "next";
import { safeReturnTo } from "~/features/door/refusal.ts";
import { SignInForm } from "~/features/door/sign-in-form.tsx";
import { Wordmark } from "~/features/shell/wordmark.tsx";

export const metadata: Metadata = { title: "Sign in" };

export default async function SignInPage({
  searchParams,
}: {
  searchParams: Promise<Record<string, string | string[] | undefined>>;
}) {
  const { from, callbackUrl } = await searchParams;
  const wanted = typeof from === "string" ? from : typeof callbackUrl === "string" ? callbackUrl : undefined;
  return (
    <main className="flex min-h-dvh flex-col items-center px-4 pt-[16vh] pb-10">
      <div className="w-full max-w-[22rem] rounded-md border border-line bg-surface">
        <div className="border-b border-line px-6 py-4">
          <Wordmark size="door" />
          <p className="mt-0.5 text-sm text-ink-2">Tells your firewalls who is behind an address.</p>
        </div>
        <div className="px-6 py-5">
          <h1 className="mb-4 text-lg font-semibold">Sign in</h1>
          <SignInForm returnTo={safeReturnTo(wanted)} />
        </div>
      </div>
    </main>
  );
}
