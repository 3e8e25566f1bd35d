/** Addresses that one question brings. */
export const SESSIONS_PAGE = 100;
