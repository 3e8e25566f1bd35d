import type { Metadata } from "next";
import { Credentials } from "~/features/credentials/credentials.tsx";
import { loadPage } from "~/features/door/load-page.ts";
import { api } from "~/server/api.ts";

export const metadata: Metadata = { title: "Credentials" };

export default async function CredentialsPage({ params }: { params: Promise<{ customer: string }> }) {
  const { customer } = await params;
  return (
    <Credentials initial={await loadPage(api.credentials.list({ customer }), `/c/${customer}/credentials`)} />
  );
}
