import { CUSTOMER_HEADERS } from "~/features/customers/customer-table-view.tsx";
import { PageSkeleton } from "~/features/shell/page-skeleton.tsx";

export default function Loading() {
  return <PageSkeleton title="Customers" headers={CUSTOMER_HEADERS} />;
}
