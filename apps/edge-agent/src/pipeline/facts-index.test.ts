import { PrincipalDirectory, type PrincipalFacts } from "@rollcall/identity-core";
import { someFacts } from "@rollcall/identity-core/testing";
import { describe, expect, it } from "vitest";
import { type DirectoryBook, FactsIndex } from "./facts-index.ts";

const ANA = someFacts({ name: "ana", groups: ["Staff"] });
const BEN = someFacts({ name: "ben" });

function bookOf(...facts: readonly PrincipalFacts[]): DirectoryBook {
  const book = new PrincipalDirectory();
  for (const one of facts) book.put(one);
  return book;
}

const named = (name: string) => ({ name, domain: ANA.domain });

describe("what a site's directories say", () => {
  it("is asked of a book, and those whom no book knows are kept beside it", () => {
    const index = new FactsIndex(() => [bookOf(ANA)]);
    index.put(ANA);
    index.put({ ...BEN, enabled: false });
    expect([index.of(ANA.key), index.of(BEN.key)?.enabled, index.size]).toEqual([ANA, false, 2]);
    expect(index.meantBy(named("ben"))).toEqual([{ ...BEN, enabled: false }]);
  });

  it("comes from the book again once somebody who was gone is back in it", () => {
    const books = [bookOf()];
    const index = new FactsIndex(() => books);
    index.put({ ...ANA, enabled: false });
    books[0] = bookOf(ANA);
    index.put(ANA);
    books[0] = bookOf();
    expect([index.of(ANA.key), index.size]).toEqual([null, 0]);
  });

  it("is what the first book knows of somebody, under none of the names that only a later one has", () => {
    const renamed = { ...ANA, name: "anna", aliases: [ANA.key.toLowerCase(), `${ANA.domain}\\anna`] };
    const index = new FactsIndex(() => [bookOf(renamed), bookOf(ANA, BEN)]);
    expect(index.meantBy(named("ana"))).toEqual([]);
    expect(index.meantBy(named("anna"))).toEqual([renamed]);
    expect(index.meantBy(named("ben"))).toEqual([BEN]);
    expect(index.of(ANA.key)).toEqual(renamed);
    expect(index.size).toBe(2);
  });
});
