import {
  type Mechanism,
  type SealedMessage,
  type SecurityContext,
  SecurityFault,
} from "../auth/security-context.ts";
import { decodeAnswer, encodeAnswer, encodeFirst, mechanismList, NEGOTIATION } from "./spnego-tokens.ts";

export const NEGOTIATE_AUTH_TYPE = 9;

/**
 * A login inside of SPNEGO that offers exactly one mechanism, so that nobody on the way can choose a weaker one.
 *
 * Shape:  the mechanism's tokens, each in an answer; the list of mechanisms is signed with the last of ours, which Samba
 *         insists on (captured). `isEstablished` only once the server has said "completed".
 * Source: RFC 4178, [MS-SPNG] 3.1.5 (documented).
 */
export function createNegotiateContext(mechanism: Mechanism): SecurityContext {
  return new NegotiateContext(mechanism);
}

class NegotiateContext implements SecurityContext {
  readonly authType = NEGOTIATE_AUTH_TYPE;
  readonly #inner: Mechanism;
  #isCompleted = false;

  constructor(inner: Mechanism) {
    this.#inner = inner;
  }

  get isEstablished(): boolean {
    return this.#isCompleted && this.#inner.isEstablished;
  }

  get signatureLength(): number {
    return this.#inner.signatureLength;
  }

  async start(): Promise<Uint8Array> {
    return encodeFirst([this.#inner.mechanism], await this.#inner.start());
  }

  async next(token: Uint8Array): Promise<Uint8Array | null> {
    if (this.#isCompleted) throw new SecurityFault("a negotiation that goes on after its end");
    const answer = decodeAnswer(token);
    if (answer.state === NEGOTIATION.rejected) throw new SecurityFault("the server rejected the login");
    const ours =
      answer.token === null || this.#inner.isEstablished ? null : await this.#inner.next(answer.token);
    if (answer.mic !== null) this.#inner.verify(this.#list(), answer.mic);
    if (answer.state === NEGOTIATION.completed) {
      this.#isCompleted = true;
      return null;
    }
    if (ours === null) {
      if (answer.token === null) throw new SecurityFault("a negotiation that stands still");
      return null;
    }
    return encodeAnswer({
      token: ours,
      mic: this.#inner.isEstablished ? this.#inner.sign(this.#list()) : null,
    });
  }

  seal(message: SealedMessage): Uint8Array {
    return this.#inner.seal(message);
  }

  unseal(message: SealedMessage, token: Uint8Array): void {
    this.#inner.unseal(message, token);
  }

  #list(): Buffer {
    return mechanismList([this.#inner.mechanism]);
  }
}
