/**
 * The partition of a key, as Kafka's default partitioner has it: murmur2 with Kafka's seed, made positive, modulo the number
 * of partitions. Any client of any language that uses the default agrees.
 */
export function partitionOf(key: string | Uint8Array, partitions: number): number {
  return (murmur2(typeof key === 'string' ? encoder.encode(key) : key) & 0x7fffffff) % partitions
}

/** How many keys a partitioner remembers; others are hashed again. */
const rememberedKeysMax = 10_000

/** `partitionOf` for one topic, which remembers the texts it has seen. */
export function createPartitioner(partitions: number): (key: string | Uint8Array) => number {
  if (partitions === 1) return () => 0
  const known = new Map<string, number>()
  return (key) => {
    if (typeof key !== 'string') return partitionOf(key, partitions)
    let partition = known.get(key)
    if (partition === undefined) {
      partition = partitionOf(key, partitions)
      if (known.size < rememberedKeysMax) known.set(key, partition)
    }
    return partition
  }
}

const encoder = new TextEncoder()
const multiplier = 0x5bd1e995

function murmur2(data: Uint8Array): number {
  const length = data.length
  let hash = 0x9747b28c ^ length
  let at = 0
  for (; at + 4 <= length; at += 4) {
    let k = (data[at] ?? 0) | ((data[at + 1] ?? 0) << 8) | ((data[at + 2] ?? 0) << 16) | ((data[at + 3] ?? 0) << 24)
    k = Math.imul(k, multiplier)
    k ^= k >>> 24
    hash = Math.imul(hash, multiplier) ^ Math.imul(k, multiplier)
  }
  const rest = length - at
  if (rest >= 3) hash ^= (data[at + 2] ?? 0) << 16
  if (rest >= 2) hash ^= (data[at + 1] ?? 0) << 8
  if (rest >= 1) hash = Math.imul(hash ^ (data[at] ?? 0), multiplier)
  hash ^= hash >>> 13
  hash = Math.imul(hash, multiplier)
  return hash ^ (hash >>> 15)
}
