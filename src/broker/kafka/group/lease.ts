/** A moment on two clocks. */
export interface Moment {
  /** Milliseconds since the epoch: goes on while the machine sleeps, and may be set. */
  readonly wallMs: number
  /** Milliseconds since some start: never jumps, and may stand still while the machine sleeps. */
  readonly steadyMs: number
}

export const momentNow = (): Moment => ({ wallMs: Date.now(), steadyMs: performance.now() })

/** How long a member may work without an answer. It has run out when either clock says so. */
export class Lease {
  private readonly now: () => Moment
  private since: Moment | undefined
  private lengthMs = 0

  constructor(now: () => Moment = momentNow) {
    this.now = now
  }

  /** @param sentAt when the request was sent whose answer came: the group counts from no earlier moment */
  renew(sentAt: Moment, lengthMs: number): void {
    this.since = sentAt
    this.lengthMs = lengthMs
  }

  isRunning(): boolean {
    if (this.since === undefined) return false
    const { wallMs, steadyMs } = this.now()
    return wallMs - this.since.wallMs < this.lengthMs && steadyMs - this.since.steadyMs < this.lengthMs
  }
}
