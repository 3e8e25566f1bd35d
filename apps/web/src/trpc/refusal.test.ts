import { TRPCClientError } from "@trpc/client";
import { describe, expect, it } from "vitest";
import { fieldError, refusalOf } from "./refusal.ts";

function answered(data: unknown, message = "Check the marked fields."): TRPCClientError<never> {
  const error = new TRPCClientError<never>(message);
  Object.assign(error, { data });
  return error;
}

describe("what the API refused", () => {
  it("keeps the request number, so that support can find the other text", () => {
    expect(refusalOf(answered({ code: "CONFLICT", requestId: "r-7", fields: {} })).requestId).toBe("r-7");
  });

  it("puts the sentence at the field it speaks of, also inside a change and a list", () => {
    const refusal = refusalOf(
      answered({
        code: "BAD_REQUEST",
        fields: { "changes.host": ["a DNS name or an address"], "senders.2": ["an address"] },
      }),
    );
    expect(fieldError(refusal, "host")).toBe("a DNS name or an address");
    expect(fieldError(refusal, "senders")).toBe("Line 3: an address");
    expect(fieldError(refusal, "sender")).toBeUndefined();
  });

  it("does not take a broken connection for a refusal", () => {
    expect(refusalOf(new TypeError("fetch failed")).kind).toBe("no-answer");
    expect(refusalOf(answered(undefined)).kind).toBe("no-answer");
  });
});
