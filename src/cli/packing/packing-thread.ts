import { once } from 'node:events'
import { parentPort, workerData } from 'node:worker_threads'
import { systemClock } from '../../foundation/clock.ts'
import { WindsockError } from '../../foundation/errors.ts'
import { packRows } from '../../pipelines/pack-rows.ts'
import { chooseSource } from '../sources.ts'
import { type PackingNews, type PackingOrder, parcelsAheadMax } from './pack-in-thread.ts'
import { packParcel } from './packed-parcel.ts'

/** The thread of `packInThread`. */
const port = parentPort
if (port === null) throw new Error('this file is run as a worker thread')
const order: PackingOrder = workerData
const credit = { ahead: 0 }
port.on('message', () => credit.ahead--)

const tell = (news: PackingNews, handedOver: ArrayBuffer[] = []): void => port.postMessage(news, handedOver)

try {
  const { source, stream } = await chooseSource(order.name, order.files, order.label)
  const parcels = packRows({
    source,
    stream,
    clock: systemClock,
    pace: { kind: 'max' },
    history: 0,
    plan: order.plan,
    signal: new AbortController().signal,
  })
  for await (const parcel of parcels) {
    const packed = packParcel(parcel, source.bytesRead)
    tell({ kind: 'parcel', parcel: packed }, [packed.values.buffer])
    credit.ahead++
    while (credit.ahead >= parcelsAheadMax) await once(port, 'message')
  }
  tell({ kind: 'end' })
} catch (error) {
  // Of another thread's error only plain text arrives; what is not ours ends this thread and is told so.
  if (!(error instanceof WindsockError)) throw error
  const { code, message, hint } = error
  tell({ kind: 'error', error: { code, message, hint } })
}
port.close()
