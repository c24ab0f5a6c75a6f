/**
 * Whether a Node version is in an `engines` range. Knows the two forms that package.json uses, `^1.2.3` and `>=1.2.3`,
 * joined by `||`; anything else is an error rather than a guess.
 *
 * @param {string} version `24.8.0`, with or without a `v`
 * @param {string} range
 */
export function satisfies(version, range) {
  const have = parse(version.replace(/^v/, '').replace(/-.*$/, ''), version)
  return range.split('||').some((part) => {
    const match = /^(\^|>=)(.+)$/.exec(part.trim())
    if (match === null) throw new Error(`engines.node has a form the launcher does not know: ${part.trim()}`)
    const least = parse(match[2], part)
    const enough = compare(have, least) >= 0
    return match[1] === '^' ? enough && have[0] === least[0] : enough
  })
}

function parse(text, whole) {
  const match = /^(\d+)\.(\d+)\.(\d+)$/.exec(text.trim())
  if (match === null) throw new Error(`${whole.trim()} is no version with three numbers`)
  return [Number(match[1]), Number(match[2]), Number(match[3])]
}

function compare(left, right) {
  return left[0] - right[0] || left[1] - right[1] || left[2] - right[2]
}
