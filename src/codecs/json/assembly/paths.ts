import { NODES, NODES_END, NOTES, SEGMENTS, SEGMENTS_END, UNSURE } from './layout'
import { takeValue } from './row'
import { maskOf, QUOTE } from './text'
import { CLOSE_BRACE, COMMA, valueEnd } from './value'

/**
 * Producers repeat their key order, so a record is known segments around unknown values. A segment is what lies between two
 * values, keys and whitespace included; a path is the segments of a whole record; paths that begin alike share their
 * beginning in this tree. A path is only learnt from a record that `record.ts` found valid, so what lies on it needs no
 * second look but for its values.
 *
 * A node is: the segment's length, the column of the value behind it or LEAF, the first of the nodes that may follow, the
 * next one that may stand in its own place, whether it is the last column that is read, where the segment goes on after 32
 * bytes; then those 32 bytes, and their mask.
 */
const READ: usize = 4
const CHILD: usize = 8
const SIBLING: usize = 12
const IS_LAST: usize = 16
const REST: usize = 20
const BYTES: usize = 32
const MASK: usize = 64
const NODE_BYTES: usize = 96
const LEAF: i32 = -2
const SEGMENT_MAX: usize = 4_096
/** How many nodes may stand in one place: each is compared before a record is given up. */
const ALTERNATIVES_MAX: i32 = 16
/** So many paths are learnt; after so many records on none of them they are forgotten and learnt anew. */
const PATHS_MAX: i32 = 256
const MISSES_MAX: i32 = 16_384

const LETTER_N: u8 = 0x6e
const NULL_WORD: u32 = 0x6c6c756e
const MINUS: u8 = 0x2d
const ZERO: u8 = 0x30

let nodesEnd: usize = NODES
let segmentsEnd: usize = SEGMENTS
/** Address of the first node that a record may begin with, or 0. */
let root: u32 = 0
let paths: i32 = 0
let misses: i32 = 0

/** Why a record is not taken although its path is known, or 0. */
export let fault: i32 = 0

/** Past the record at `p`, with its cells in row `row`; `end` when the last column is read and that is enough; else 0. */
export function followPath(p: usize, end: usize, row: i32, isEnough: bool): usize {
  let node = <usize>root
  fault = 0
  while (node != 0) {
    while (!isSegment(node, p)) {
      node = <usize>load<u32>(node, SIBLING)
      if (node == 0) return 0
    }
    p += <usize>load<u32>(node)
    const read = load<i32>(node, READ)
    if (read == LEAF) return p
    let next = plainEnd(p)
    if (next == 0) {
      next = valueEnd(p, end)
      if (next == 0) {
        fault = UNSURE
        return 0
      }
    }
    if (read >= 0) {
      fault = takeValue(read, p, next, row)
      if (fault != 0) return 0
      if (isEnough && load<u32>(node, IS_LAST) != 0) return end
    }
    p = next
    node = <usize>load<u32>(node, CHILD)
  }
  return 0
}

function isSegment(node: usize, p: usize): bool {
  const first = v128.and(v128.xor(v128.load(p), v128.load(node, BYTES)), v128.load(node, MASK))
  const second = v128.and(v128.xor(v128.load(p, 16), v128.load(node, BYTES + 16)), v128.load(node, MASK + 16))
  if (v128.any_true(v128.or(first, second))) return false
  const length = <usize>load<u32>(node)
  return length <= 32 || isRest(<usize>load<u32>(node, REST), p + 32, length - 32)
}

function isRest(rest: usize, p: usize, length: usize): bool {
  for (let at: usize = 0; at < length; at += 16) {
    const left = length - at
    const differs = v128.xor(v128.load(p + at), v128.load(rest + at))
    if (v128.any_true(v128.and(differs, maskOf(left < 16 ? left : 16)))) return false
  }
  return true
}

/**
 * Past a value that is as nearly all of them are: a string of less than 15 plain characters, a number of less than 16
 * digits, or null, without a look at `end`: whoever comes to the end of a record sees whether it lies in the message. 0 for any other.
 */
function plainEnd(p: usize): usize {
  const bytes = v128.load(p)
  const c = load<u8>(p)
  if (c == QUOTE) {
    const special = i8x16.bitmask(
      v128.or(
        v128.or(i8x16.eq(bytes, i8x16.splat(0x22)), i8x16.eq(bytes, i8x16.splat(0x5c))),
        i8x16.lt_s(bytes, i8x16.splat(0x20)),
      ),
    )
    const close = p + ctz(special & 0xfffe)
    return special != 1 && load<u8>(close) == QUOTE ? close + 1 : 0
  }
  if (c == LETTER_N) return load<u32>(p) == NULL_WORD ? p + 4 : 0
  const sign: usize = c == MINUS ? 1 : 0
  const digits = i8x16.bitmask(i8x16.lt_u(i8x16.sub(bytes, i8x16.splat(0x30)), i8x16.splat(10)))
  const first = p + sign
  const next = first + ctz(~(digits >> <i32>sign))
  const behind = load<u8>(next)
  // Another character may go on with the number.
  if (behind != COMMA && behind != CLOSE_BRACE) return 0
  return next > first && (load<u8>(first) != ZERO || next == first + 1) ? next : 0
}

/**
 * Learns the path of a record from the notes that were taken of it.
 *
 * @param recordEnd 0 when it was left behind the last column that is read
 */
export function learnPath(record: usize, recordEnd: usize, notes: i32): void {
  if (paths >= PATHS_MAX) {
    if (++misses >= MISSES_MAX) forgetPaths()
    return
  }
  paths++
  let place: usize = 0
  let from = record
  for (let i = 0; i < notes; i++) {
    const note = NOTES + <usize>i * 12
    const valueFrom = <usize>load<u32>(note)
    place = findOrAdd(place, from, valueFrom, load<i32>(note, 8))
    if (place == 0) return
    from = <usize>load<u32>(note, 4)
  }
  if (recordEnd == 0) store<u32>(place, 1, IS_LAST)
  else findOrAdd(place, from, recordEnd, LEAF)
}

function forgetPaths(): void {
  nodesEnd = NODES
  segmentsEnd = SEGMENTS
  root = 0
  paths = 0
  misses = 0
}

/** The node of this segment behind `parent`; 0 when there is no room for it. */
function findOrAdd(parent: usize, from: usize, to: usize, read: i32): usize {
  const length = to - from
  let last: usize = 0
  let alternatives = 0
  let node = parent == 0 ? <usize>root : <usize>load<u32>(parent, CHILD)
  while (node != 0) {
    if (<usize>load<u32>(node) == length && isOf(node, from)) return node
    last = node
    node = <usize>load<u32>(node, SIBLING)
    alternatives++
  }
  const rest = length > 32 ? length - 32 : 0
  const hasRoom = nodesEnd + NODE_BYTES <= NODES_END && segmentsEnd + rest + 16 <= SEGMENTS_END
  if (!hasRoom || length > SEGMENT_MAX || alternatives >= ALTERNATIVES_MAX) return 0
  node = nodesEnd
  nodesEnd += NODE_BYTES
  memory.fill(node, 0, NODE_BYTES)
  store<u32>(node, <u32>length)
  store<i32>(node, read, READ)
  store<u32>(node, <u32>segmentsEnd, REST)
  memory.copy(node + BYTES, from, length - rest)
  memory.fill(node + MASK, 0xff, length - rest)
  memory.copy(segmentsEnd, from + 32, rest)
  segmentsEnd += (rest + 15) & ~15
  if (last != 0) store<u32>(last, <u32>node, SIBLING)
  else if (parent != 0) store<u32>(parent, <u32>node, CHILD)
  else root = <u32>node
  return node
}

function isOf(node: usize, from: usize): bool {
  const length = <usize>load<u32>(node)
  const head = length < 32 ? length : 32
  return memory.compare(node + BYTES, from, head) == 0 && isRest(<usize>load<u32>(node, REST), from + 32, length - head)
}
