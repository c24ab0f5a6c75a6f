import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { WindsockError } from '../../foundation/errors.ts'
import type { PackPlan, Parcel } from '../../pipelines/pack-rows.ts'
import { type PackedParcel, unpackParcel } from './packed-parcel.ts'

/** What the thread is to read, and for which topic. */
export interface PackingOrder {
  readonly name: string
  readonly files: readonly string[]
  readonly label: string | undefined
  readonly plan: PackPlan
}

/** What the thread says. */
export type PackingNews =
  | { readonly kind: 'parcel'; readonly parcel: PackedParcel }
  | { readonly kind: 'end' }
  | { readonly kind: 'error'; readonly error: Pick<WindsockError, 'code' | 'message' | 'hint'> }

/** What arrives: the thread's news, or that it died without having said the end. */
type Arrival = PackingNews | { readonly kind: 'death'; readonly error: Error }

/** Parcels that may be on their way, so that memory stays bounded whichever thread is slower. */
export const parcelsAheadMax = 3

/**
 * Reads a source at full speed in a thread of its own: reading and writing rows takes as much time as sending them, and
 * together they are more than one thread can do.
 *
 * @param onRead told how many bytes of the source were read
 * @param thread the file that the thread runs
 * @throws WindsockError when the source cannot be read; an Error when the thread dies before it has said that it is done
 */
export async function* packInThread(
  order: PackingOrder,
  signal: AbortSignal,
  onRead: (bytesRead: number) => void,
  thread: URL = new URL('./packing-thread.ts', import.meta.url),
): AsyncGenerator<Parcel> {
  if (signal.aborted) return
  const worker = new Worker(thread, {
    workerData: order,
    resourceLimits: { maxYoungGenerationSizeMb: 64 },
  })
  const stop = (): void => void worker.terminate()
  signal.addEventListener('abort', stop)
  const arrived: Arrival[] = []
  const inbox = new EventTarget()
  const arrive = (news: Arrival): void => {
    arrived.push(news)
    inbox.dispatchEvent(new Event('news'))
  }
  worker.on('message', arrive)
  worker.on('error', (error) => arrive({ kind: 'death', error }))
  // Behind everything it has sent: read only where no end was said before it.
  worker.on('exit', (code) => {
    const error = new Error(`the thread that reads ${order.files.join(', ')} ended too early, with code ${code}`)
    arrive(signal.aborted ? { kind: 'end' } : { kind: 'death', error })
  })
  try {
    for (;;) {
      const news = arrived.shift()
      if (news === undefined) {
        await once(inbox, 'news')
        continue
      }
      if (news.kind === 'end') return
      if (news.kind === 'death') throw news.error
      if (news.kind === 'error') {
        const { code, message, hint } = news.error
        throw new WindsockError(code, message, hint === undefined ? {} : { hint })
      }
      worker.postMessage('taken')
      onRead(news.parcel.bytesRead)
      yield unpackParcel(news.parcel)
    }
  } finally {
    signal.removeEventListener('abort', stop)
    await worker.terminate()
  }
}
