import type { Field, Schema } from '../../../src/model/schema.ts'
import type { Random } from '../../support/random.ts'

/**
 * Messages of one producer: the same keys in the same order with the same whitespace, with other values each; a few of
 * them with something odd about them.
 *
 * @param oddShare how many, from 0 to 1
 */
export function createProducer(
  random: Random,
  schema: Schema,
  oddShare = pick(random, [0, 0.05, 0.5]),
): () => Uint8Array {
  const members = shuffledNow(
    random,
    chosenFields(random, schema).map((field) => ({ field, key: keyOf(random, field) })),
  )
  const space = pick(random, ['', '', '', ' ', '\n  ', '\t'])
  const [comma, colon] = [`,${space}`, pick(random, [':', `:${space}`, `${space}:${space}`])]
  const extras = Array.from({ length: random.below(4) }, () => JSON.stringify(pick(random, extraKeys)))
  return () => {
    const oddness = random.next() < oddShare ? 1 / (1 + members.length) : 0
    const pairs = members.map(({ field, key }) => `${key}${colon}${valueOf(random, field, oddness)}`)
    for (const key of extras) pairs.splice(pairs.length >> 1, 0, `${key}${colon}${pick(random, validValues)}`)
    const isOdd = (): boolean => oddness > 0 && random.next() < 0.15
    if (isOdd()) pairs.push(pick(random, [...pairs, `"__proto__":1`, `"\\u0044AY"${colon}3`]))
    if (isOdd()) pairs.splice(random.below(pairs.length + 1), random.below(3))
    let text = `{${space}${pairs.join(comma)}${space}}`
    if (isOdd()) text = pick(random, [`[${text}${comma}${text}]`, `[${text}]`, `  ${text}\n`, `\ufeff${text}`])
    const bytes = Buffer.from(text)
    return isOdd() ? mutated(random, bytes) : bytes
  }
}

function chosenFields(random: Random, schema: Schema): Field[] {
  const missing = pick(random, [0, 0, 0.1, 0.5])
  return Object.values(schema.fields).filter(({ required }) => random.next() >= (required ? missing / 10 : missing))
}

function keyOf(random: Random, { column, aliases }: Field): string {
  const name = random.next() < 0.9 ? column : pick(random, [column, ...aliases])
  const kind = random.next()
  if (kind < 0.9) return JSON.stringify(name)
  if (kind < 0.95) return JSON.stringify(name.toLowerCase())
  return JSON.stringify(` ${name.replaceAll('_', ' ')}`).replace('a', '\\u0061')
}

function valueOf(random: Random, field: Field, oddness: number): string {
  if (random.next() < oddness) return pick(random, anyValues)
  if (!field.required && random.next() < 0.1) return 'null'
  switch (field.type) {
    case 'text':
      return JSON.stringify(random.next() < 0.9 ? pick(random, texts) : `${pick(random, texts)}${random.below(500)}`)
    case 'hhmm':
      return pick(random, ['"0005"', '"2400"', '"2359"', '905', '"0905"', `"${String(random.below(24) * 100)}"`])
    case 'date':
      return pick(random, ['"2015-01-31"', '"2015-01-31T00:00:00-05:00"', '"2015-01-31T09:30:00Z"', '1420070400000'])
    case 'number':
    case 'integer':
      return numberOf(random, field)
  }
}

function numberOf(random: Random, { type, min = -100, max = 3_000 }: Field): string {
  const whole = min + random.below(max - min + 1)
  if (type === 'integer') return random.next() < 0.95 ? String(whole) : JSON.stringify(String(whole))
  switch (random.below(5)) {
    case 0:
      return String(whole)
    case 1:
      return (random.next() * 1_000).toFixed(random.below(8))
    case 2:
      return String(random.next() * 10 ** (random.below(40) - 20))
    case 3:
      return JSON.stringify(String(random.next()))
    default:
      return String(random.next() * 100)
  }
}

function mutated(random: Random, bytes: Buffer): Buffer {
  const at = random.below(bytes.length + 1)
  switch (random.below(6)) {
    case 0:
      return bytes.subarray(0, at)
    case 1:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random.below(3))])
    case 2:
      return Buffer.concat([bytes.subarray(0, at), Buffer.from(pick(random, fragments), 'latin1'), bytes.subarray(at)])
    case 3: {
      const flipped = Buffer.from(bytes)
      flipped[at] = (flipped[at] ?? 0) ^ (1 << random.below(8))
      return flipped
    }
    case 4: {
      const changed = Buffer.from(bytes)
      changed[at] = random.below(256)
      return changed
    }
    default:
      return Buffer.from(pick(random, messages), 'latin1')
  }
}

function shuffledNow<T>(random: Random, items: T[]): T[] {
  if (random.next() < 0.7) return items
  return items
    .map((item) => ({ item, place: random.next() }))
    .toSorted((a, b) => a.place - b.place)
    .map(({ item }) => item)
}

function pick<T>(random: Random, items: readonly [T, ...T[]] | readonly T[]): T {
  const item = items[random.below(items.length)]
  if (item === undefined) throw new RangeError('nothing to pick from')
  return item
}

const extraKeys = [
  'ts',
  'more',
  'a long key that goes beyond sixteen and thirty-two bytes',
  'é',
  'K',
  '',
  'constructor',
]

const texts: readonly string[] = [
  'AA',
  'N407AS',
  '',
  'é',
  '東京',
  '🛫',
  'a text that is longer than sixteen bytes and é',
  'quote " and \\ and / and \b\f\n\r\t',
  '\u2028',
  '\ud800',
  '__proto__',
  'x'.repeat(1_500),
  '0905',
]

const deep = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth)

const anyValues: readonly string[] = [
  ['null', 'true', 'false', '{}', '[]', '""', '"x"', '0', '-0', '-1', '1e400', '-1e400', '1E3', '1e-3', '1.0', '3.5'],
  ['0123', '-', '+1', '1.', '.5', '1e', '1e+', 'NaN', 'Infinity', 'nul', 'tru', 'nulll', '0x1', '1_000', "'a'"],
  ['9007199254740993', '123456789012345678901234567890', '0.1234567890123456789012345', '57.24571228027344'],
  ['1e0000000000000000000001', '5e-324', '2.2250738585072011e-308', '0.000000000000000000000000000000000000001'],
  ['"\\u0041"', '"\\ud83d\\ude00"', '"\\ud800"', '"\\u12"', '"\\x"', '"\\"', '"a\tb"', '"\\/\\b"', '"\u007f"'],
  ['{"DAY":1,"__proto__":2}', '[1,[2,{"a":[]}],"]"]', '[1,]', '{"a":1,}', '{"a"}', '[1 2]', '{,}', '[}', '{]'],
  [deep(60), deep(64), deep(65), deep(200), '{"a":'.repeat(70) + '1' + '}'.repeat(70)],
  ['"0905"', '"9.0"', '"2500"', '"2015-02-30"', '"2015-01-31"', '" 5"', '"5 "', '"-0"', '"007"', '"1e2"', '99999'],
  ['[ ]', '{ }', '[ 1 , 2 ]', '{ "a" : { "b" : [ ] } }', '"' + 'long '.repeat(10) + '"', '"' + 'é'.repeat(40) + '"'],
].flat()

const validValues = anyValues.filter(isJson)

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

const fragments: readonly string[] = [
  ['"', '\\', ',', ':', '{', '}', '[', ']', ' ', '\n', '\0', '\x1f', '0', '-', '.', 'e', '\\u0000', '\\ud800'],
  ['\xc3\xa9', '\xc3', '\xa9', '\xed\xa0\x80', '\xf0\x9f\x98\x80', '\xf5\x80\x80\x80', '\xc0\x80', '\xe0\x80\x80'],
  ['\xf0\x80\x80\x80', '\xf4\x90\x80\x80', '\xef\xbb\xbf', '\xe2\x80\xa8', '\xff', '"DAY":1,', ',"DAY":2', 'null'],
].flat()

const messages: readonly string[] = [
  [
    '',
    ' ',
    '[]',
    '[ ]',
    '{}',
    '{ }',
    'null',
    '3',
    '"x"',
    'x',
    '[[]]',
    '[{}]',
    '[7]',
    '{',
    '}',
    '[',
    ']',
    '[{}',
    '[{},',
  ],
  ['\xef\xbb\xbf{}', '\xff', '{"a":1}{"a":1}', '{"a":1},', '[1,2', '{"a":"', '{"a":"\\', '{"a', '{"a":1e', '-'],
].flat()
