import { cache } from "react";
import { api } from "~/server/api.ts";

/** A customer's overview, once a request: layout, title and page all read it. */
export const customerOverview = cache((customer: string) => api.customers.overview({ customer }));
