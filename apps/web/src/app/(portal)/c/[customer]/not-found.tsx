import { CustomerNotHere } from "~/features/shell/customer-not-here.tsx";

export default function NotFound() {
  return <CustomerNotHere />;
}
