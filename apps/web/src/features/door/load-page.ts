import { TRPCError } from "@trpc/server";
import { forbidden, notFound, redirect } from "next/navigation";

/**
 * Waits for what a page needs and turns the API's refusals into pages of their own: signed out, not found, not allowed.
 * Errors: a fault goes on to `error.tsx`.
 */
export async function loadPage<T>(loading: Promise<T>, from = "/"): Promise<T> {
  try {
    return await loading;
  } catch (error) {
    if (error instanceof TRPCError) {
      if (error.code === "UNAUTHORIZED") redirect(`/sign-in?from=${encodeURIComponent(from)}`);
      if (error.code === "NOT_FOUND") notFound();
      if (error.code === "FORBIDDEN") forbidden();
    }
    throw error;
  }
}
