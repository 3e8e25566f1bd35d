/** How many customers one look at the list holds; the API gives no more. */
export const CUSTOMERS_LIMIT = 500;
