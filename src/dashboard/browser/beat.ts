/**
 * When the page draws: on the next frame after a change, or at a slower beat that the reader chose. What changes in
 * between is collected by whoever holds it; the latest is drawn. A hidden tab gets no frames, so nothing is drawn there
 * and the newest state is drawn when it is shown again.
 */
export interface Beat {
  changed(): void
  /** 0 draws with every change; otherwise the time between two drawings. */
  readonly setEvery: (everyMs: number) => void
  /** Draws with the next frame, whatever the beat: for what the reader did himself. */
  drawSoon(): void
}

export interface BeatOptions {
  readonly draw: () => void
  readonly now: () => number
  readonly nextFrame: (call: () => void) => void
  readonly after: (delayMs: number, call: () => void) => () => void
}

export function createBeat(options: BeatOptions): Beat {
  let everyMs = 0
  let lastDrawnAt = Number.NEGATIVE_INFINITY
  let isFrameAsked = false
  let cancelWait: (() => void) | undefined

  function drawSoon(): void {
    cancelWait?.()
    cancelWait = undefined
    if (isFrameAsked) return
    isFrameAsked = true
    options.nextFrame(() => {
      isFrameAsked = false
      lastDrawnAt = options.now()
      options.draw()
    })
  }

  function changed(): void {
    if (isFrameAsked || cancelWait !== undefined) return
    const waitMs = lastDrawnAt + everyMs - options.now()
    if (everyMs === 0 || waitMs <= 0) drawSoon()
    else cancelWait = options.after(waitMs, drawSoon)
  }

  return {
    changed,
    drawSoon,
    setEvery(nextEveryMs) {
      everyMs = nextEveryMs
      drawSoon()
    },
  }
}
