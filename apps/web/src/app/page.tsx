import { redirect } from "next/navigation";
import { loadPage } from "~/features/door/load-page.ts";
import { api } from "~/server/api.ts";

/** The start: the practice's customers, or the one customer that a person has. */
export default async function StartPage() {
  const me = await loadPage(api.me.get());
  redirect(me.onlyCustomer === null ? "/fleet/customers" : `/c/${me.onlyCustomer}`);
}
