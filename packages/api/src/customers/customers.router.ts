import { unacceptable } from "../refusals.ts";
import { grantedProcedure, practiceProcedure, router, tenantProcedure } from "../trpc.ts";
import { addCustomer } from "./add-customer.ts";
import { readOverview } from "./customer-overview.ts";
import {
  addCustomerInput,
  addedCustomer,
  customerListInput,
  customerOverview,
  customerPage,
} from "./customers.schema.ts";
import { listCustomers } from "./list-customers.ts";

/** The customers of the practice, worst first; one customer's chain. */
export const customersRouter = router({
  list: grantedProcedure("customer:list", "fleet")
    .input(customerListInput)
    .output(customerPage)
    .query(({ ctx, input }) => listCustomers(ctx, input)),

  add: practiceProcedure("customer:create", "costly")
    .input(addCustomerInput)
    .output(addedCustomer)
    .mutation(async ({ ctx, input }) => {
      const outcome = await addCustomer(ctx, input);
      switch (outcome.kind) {
        case "added":
          return outcome.customer;
        case "slug-taken":
          throw unacceptable("slug", `There is a customer at /c/${outcome.slug} already.`, "slug-taken");
        case "name-taken":
          throw unacceptable("name", `There is a customer "${outcome.name}" already.`, "name-taken");
      }
    }),

  overview: tenantProcedure("customer:read")
    .output(customerOverview)
    .query(({ ctx }) => readOverview(ctx)),
});
