import { Overview } from "~/features/customers/overview.tsx";
import { loadPage } from "~/features/door/load-page.ts";
import { customerOverview } from "~/features/shell/customer-overview.ts";

export default async function OverviewPage({ params }: { params: Promise<{ customer: string }> }) {
  const { customer } = await params;
  return <Overview initial={await loadPage(customerOverview(customer), `/c/${customer}`)} />;
}
