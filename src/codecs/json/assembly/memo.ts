import { FULL, MEMO, MEMO_ENTRIES_MAX, MEMO_SLOTS, MEMO_TEXT_MAX, MEMO_TEXTS, MEMO_TEXTS_END, NOTHING } from './layout'
import { maskOf } from './text'

/** The verdict over a raw key or value that was not seen before. */
declare function judge(what: i32, from: usize, to: usize): i32

/** How far a slot may lie from its own place: crowded texts are judged each time rather than searched for. */
const PROBES_MAX: u32 = 32

let entries: u32 = 0
let textsEnd: usize = MEMO_TEXTS

/** Forgets all verdicts. */
export function forgetVerdicts(): void {
  memory.fill(MEMO, 0, (<usize>MEMO_SLOTS) << 4)
  entries = 0
  textsEnd = MEMO_TEXTS
}

/**
 * The verdict over the raw text from `from` to `to` in column `what`, or as a KEY: remembered by its bytes, so that each is
 * judged once. A slot is: hash, address of the text, `what` and length, verdict.
 */
export function verdictOf(what: i32, from: usize, to: usize): i32 {
  const length = to - from
  if (length > MEMO_TEXT_MAX) return judge(what, from, to)
  const tag = ((<u32>what) << 16) | <u32>length
  const hash = hashOf(from, length, tag)
  let place = hash & (MEMO_SLOTS - 1)
  for (let probes: u32 = 0; probes < PROBES_MAX; probes++) {
    const slot = MEMO + ((<usize>place) << 4)
    const text = load<u32>(slot, 4)
    if (text == 0) return learn(slot, hash, tag, what, from, to)
    if (load<u32>(slot) == hash && load<u32>(slot, 8) == tag && isSame(text, from, length)) return load<i32>(slot, 12)
    place = (place + 1) & (MEMO_SLOTS - 1)
  }
  return judge(what, from, to)
}

function learn(slot: usize, hash: u32, tag: u32, what: i32, from: usize, to: usize): i32 {
  const room = (to - from + 15) & ~15
  if (entries == MEMO_ENTRIES_MAX || textsEnd + room > MEMO_TEXTS_END) return FULL
  const verdict = judge(what, from, to)
  if (verdict < NOTHING) return verdict
  memory.copy(textsEnd, from, to - from)
  store<u32>(slot, hash)
  store<u32>(slot, <u32>textsEnd, 4)
  store<u32>(slot, tag, 8)
  store<i32>(slot, verdict, 12)
  textsEnd += room
  entries++
  return verdict
}

function hashOf(from: usize, length: usize, tag: u32): u32 {
  let hash: u64 = tag
  for (let at: usize = 0; at < length; at += 16) {
    const left = length - at
    const bytes = v128.and(v128.load(from + at), maskOf(left < 16 ? left : 16))
    hash = (hash ^ i64x2.extract_lane(bytes, 0)) * 0x9e3779b97f4a7c15
    hash = (hash ^ (hash >> 32) ^ i64x2.extract_lane(bytes, 1)) * 0xd6e8feb86659fd93
    hash ^= hash >> 29
  }
  return <u32>(hash ^ (hash >> 32))
}

function isSame(text: usize, from: usize, length: usize): bool {
  for (let at: usize = 0; at < length; at += 16) {
    const left = length - at
    const differs = v128.xor(v128.load(text + at), v128.load(from + at))
    if (v128.any_true(v128.and(differs, maskOf(left < 16 ? left : 16)))) return false
  }
  return true
}
