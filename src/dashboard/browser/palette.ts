/** The tokens that a canvas needs, read from the page so that colours are written down once. */
export interface Palette {
  readonly ground: string
  readonly surface: string
  readonly sunken: string
  readonly line: string
  readonly lineStrong: string
  readonly ink1: string
  readonly ink2: string
  readonly ink3: string
  readonly onInk: string
  readonly up: string
  readonly down: string
  readonly upSoft: string
  readonly downSoft: string
  readonly band: string
  readonly bandFill: string
  readonly categories: readonly string[]
  readonly font: string
}

export function readPalette(): Palette {
  const style = getComputedStyle(document.documentElement)
  const token = (name: string): string => style.getPropertyValue(`--${name}`).trim()
  return {
    ground: token('ground'),
    surface: token('surface'),
    sunken: token('sunken'),
    line: token('line'),
    lineStrong: token('line-strong'),
    ink1: token('ink-1'),
    ink2: token('ink-2'),
    ink3: token('ink-3'),
    onInk: token('on-ink'),
    up: token('up'),
    down: token('down'),
    upSoft: token('up-soft'),
    downSoft: token('down-soft'),
    band: token('band'),
    bandFill: token('band-fill'),
    categories: [1, 2, 3, 4, 5, 6, 7, 8].map((place) => token(`cat-${place}`)),
    font: token('font-ui'),
  }
}
