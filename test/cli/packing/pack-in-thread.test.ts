import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { packInThread } from '../../../src/cli/packing/pack-in-thread.ts'
import { chooseSource } from '../../../src/cli/sources.ts'
import type { Clock } from '../../../src/foundation/clock.ts'
import { packRows, type PackPlan, type Parcel } from '../../../src/pipelines/pack-rows.ts'

const flightsFile = fileURLToPath(new URL('../../../data/flights-2015-01-01-to-03.csv.gz', import.meta.url))
const clock: Clock = { now: () => 0, sleep: async () => {} }

describe('packing in a thread of its own', () => {
  let folder: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'windsock-packing-'))
  })
  after(() => rm(folder, { recursive: true, force: true }))

  it('gives the same parcels as packing here', async () => {
    const plan = { partitions: 4, sentRows: undefined }
    assert.deepEqual(plain(await inThread([flightsFile], plan)), plain(await here([flightsFile], plan)))
  })

  it('marks rows and leaves out those that were sent, and takes text that is not ASCII', async () => {
    const file = join(folder, 'names.csv')
    const rows = Array.from({ length: 300 }, (_, i) => `2015,1,${(i % 31) + 1},Línea ${i % 9} ✈`)
    await writeFile(file, ['YEAR,MONTH,DAY,AIRLINE', ...rows, '2015,1,32,XX', ''].join('\n'))
    const plan = { partitions: 4, sentRows: [10, 0, 200, 5] }
    const parcels = await inThread([file], plan)
    assert.deepEqual(plain(parcels), plain(await here([file], plan)))
    assert.ok(parcels.some(({ skipped }) => skipped > 0))
    assert.equal(parcels.flatMap(({ refusals }) => refusals).length, 1)
    for (const { records, bytes } of parcels) {
      assert.equal(
        bytes,
        records.reduce((sum, { value }) => sum + (value?.length ?? 0), 0),
      )
    }
  })

  it('passes on what is wrong with a file', async () => {
    const plan = { partitions: 4, sentRows: undefined }
    await assert.rejects(inThread([join(folder, 'missing.csv')], plan), { name: 'WindsockError', code: 'file-missing' })
  })

  it('fails when the thread dies, with or without a word, instead of passing for the end', async () => {
    const order = { name: 'flights', files: ['a.csv'], label: undefined, plan: { partitions: 4, sentRows: undefined } }
    for (const [dying, message] of [
      ['process.exit(0)', /a\.csv ended too early, with code 0/],
      ['process.exit(3)', /a\.csv ended too early, with code 3/],
      ['throw new RangeError("out of bounds")', /out of bounds/],
    ] as const) {
      const thread = new URL(`data:text/javascript,${encodeURIComponent(dying)}`)
      await assert.rejects(
        async () => {
          for await (const parcel of packInThread(order, new AbortController().signal, () => {}, thread)) {
            assert.fail(`it gave ${parcel.records.length} records`)
          }
        },
        { message },
      )
    }
  })

  it('gives nothing when it was told to end before', async () => {
    const order = {
      name: 'flights',
      files: [flightsFile],
      label: undefined,
      plan: { partitions: 4, sentRows: undefined },
    }
    for await (const parcel of packInThread(order, AbortSignal.abort(), () => {})) {
      assert.fail(`it gave ${parcel.records.length} records`)
    }
  })

  it('ends when told to', async () => {
    const abort = new AbortController()
    const order = {
      name: 'flights',
      files: [flightsFile, flightsFile],
      label: undefined,
      plan: { partitions: 4, sentRows: undefined },
    }
    let rows = 0
    for await (const { records } of packInThread(order, abort.signal, () => {})) {
      rows += records.length
      abort.abort()
    }
    assert.ok(rows > 0 && rows < 92_250)
  })
})

async function inThread(files: string[], plan: PackPlan): Promise<Parcel[]> {
  const parcels: Parcel[] = []
  const order = { name: 'flights', files, label: undefined, plan }
  for await (const parcel of packInThread(order, new AbortController().signal, () => {})) parcels.push(parcel)
  return parcels
}

async function here(files: string[], plan: PackPlan): Promise<Parcel[]> {
  const { source, stream } = await chooseSource('flights', files, undefined)
  const { signal } = new AbortController()
  const parcels: Parcel[] = []
  for await (const parcel of packRows({ source, stream, clock, pace: { kind: 'max' }, history: 0, plan, signal })) {
    parcels.push(parcel)
  }
  return parcels
}

/** Everything but the time of sending. */
function plain(parcels: readonly Parcel[]): unknown {
  return parcels.map(({ records, skipped, origin, refusals }) => ({
    records: records.map(({ key, value, partition, headers }) => ({
      key,
      value: (typeof value === 'string' ? value : Buffer.from(value ?? '').toString()).replace(/"ts":[\d.]+/, ''),
      partition,
      headers,
    })),
    skipped,
    origin,
    refusals,
  }))
}
