import { NODES, NODES_END, NOTES, SEGMENTS, SEGMENTS_END, UNSURE } from './layout'
import { takeValue } from './row'
import { maskOf } from './text'
import { valueEnd } from './value'

/**
 * Producers repeat their key order, so a record is known segments around unknown values. A segment is what lies between two
 * values, keys and whitespace included; a path is the segments of a whole record; paths that begin alike share their
 * beginning in this tree. A path is only learnt from a record that `record.ts` found valid, so what lies on it needs no
 * second look but for its values.
 *
 * A node is: address and length of the segment, the column of the value behind it or LEAF, the first of the nodes that may
 * follow, the next one that may stand in its own place, and whether it is the last column that is read.
 */
const NODE_BYTES: usize = 24
const LEAF: i32 = -2
const SEGMENT_MAX: usize = 4_096
/** How many nodes may stand in one place: each is compared before a record is given up. */
const ALTERNATIVES_MAX: i32 = 16
/** So many paths are learnt; after so many records on none of them they are forgotten and learnt anew. */
const PATHS_MAX: i32 = 256
const MISSES_MAX: i32 = 16_384

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
      node = <usize>load<u32>(node, 16)
      if (node == 0) return 0
    }
    p += <usize>load<u32>(node, 4)
    const read = load<i32>(node, 8)
    if (read == LEAF) return p
    const next = valueEnd(p, end)
    if (next == 0) {
      fault = UNSURE
      return 0
    }
    if (read >= 0) {
      fault = takeValue(read, p, next, row)
      if (fault != 0) return 0
      if (isEnough && load<u32>(node, 20) != 0) return end
    }
    p = next
    node = <usize>load<u32>(node, 12)
  }
  return 0
}

function isSegment(node: usize, p: usize): bool {
  const segment = <usize>load<u32>(node)
  const length = <usize>load<u32>(node, 4)
  if (length < 16) return !v128.any_true(v128.and(v128.xor(v128.load(p), v128.load(segment)), maskOf(length)))
  if (v128.any_true(v128.xor(v128.load(p), v128.load(segment)))) return false
  for (let at: usize = 16; at + 16 < length; at += 16) {
    if (v128.any_true(v128.xor(v128.load(p + at), v128.load(segment + at)))) return false
  }
  return !v128.any_true(v128.xor(v128.load(p + length - 16), v128.load(segment + length - 16)))
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
  if (recordEnd == 0) store<u32>(place, 1, 20)
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
  let node = parent == 0 ? <usize>root : <usize>load<u32>(parent, 12)
  while (node != 0) {
    if (<usize>load<u32>(node, 4) == length && isSegment(node, from)) return node
    last = node
    node = <usize>load<u32>(node, 16)
    alternatives++
  }
  const room = (length + 15) & ~15
  const hasRoom = nodesEnd + NODE_BYTES <= NODES_END && segmentsEnd + room <= SEGMENTS_END
  if (!hasRoom || length > SEGMENT_MAX || alternatives >= ALTERNATIVES_MAX) return 0
  node = nodesEnd
  nodesEnd += NODE_BYTES
  memory.copy(segmentsEnd, from, length)
  store<u32>(node, <u32>segmentsEnd)
  store<u32>(node, <u32>length, 4)
  store<i32>(node, read, 8)
  store<u32>(node, 0, 12)
  store<u32>(node, 0, 16)
  store<u32>(node, 0, 20)
  segmentsEnd += room
  if (last != 0) store<u32>(last, <u32>node, 16)
  else if (parent != 0) store<u32>(parent, <u32>node, 12)
  else root = <u32>node
  return node
}
