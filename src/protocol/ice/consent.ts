/**
 * Whether a peer still wants what we send it (RFC 7675): it does for 30 s after each authentic check from where we send
 * to. A lite agent asks nobody; that the peer goes on asking is its consent. It keeps no timer: who sends, looks.
 */

/** RFC 7675 §5.1: consent expires 30 seconds after the last answered, here the last authentic, check. */
export const CONSENT_LIFETIME_US = 30_000_000;

export class Consent {
  #grantedAtUs = Number.NEGATIVE_INFINITY;

  /** An authentic check came at `atUs`; one that is told late takes nothing back. */
  grant(atUs: number): void {
    if (atUs > this.#grantedAtUs) this.#grantedAtUs = atUs;
  }

  /** Whether anything may be sent at `nowUs`. */
  isGiven(nowUs: number): boolean {
    return nowUs - this.#grantedAtUs < CONSENT_LIFETIME_US;
  }

  /** Withdrawn at once: the peer said goodbye, or ICE was restarted (RFC 7675 §5.2). */
  revoke(): void {
    this.#grantedAtUs = Number.NEGATIVE_INFINITY;
  }
}
