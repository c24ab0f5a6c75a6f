import type { Frame } from '../../model/frame.ts'
import { addMessageRecord, parseMessage, textOfMessage } from '../../model/message.ts'
import type { PackedRecords, RecordMemory } from '../../model/packed-records.ts'
import type { Fields } from '../../model/schema.ts'
import type { Codec, Decoder, DecoderOptions } from '../codec.ts'
import type { Scanner } from './scanner.ts'
import { ScriptScanner } from './script-scanner.ts'
import { compileScanner, WasmScanner, wasmReadsMax } from './wasm-scanner.ts'
import { DONE, FULL, rowsMax, UNSURE } from './verdicts.ts'

/** Messages that are JSON records or arrays of them, as `decodeMessage` reads them. */
export const jsonCodec: Codec = { name: 'json', openDecoder }

export interface JsonDecoderOptions<F extends Fields> extends DecoderOptions<F> {
  /** Which scanner reads the messages: `wasm` where this Node has SIMD for it, unless told otherwise. */
  readonly scanner?: 'wasm' | 'script'
}

/**
 * Opens a decoder whose frames have the rows and refusals that `decodeMessage` gives for the same columns, in the same order.
 * With `early-stop` a message that is one record is left behind the last wanted column: of what comes later, invalid JSON
 * and further members for a wanted field may pass unseen.
 */
export function openDecoder<F extends Fields>(options: JsonDecoderOptions<F>): Decoder<F> {
  return new JsonDecoder(openScanner(options))
}

function openScanner<F extends Fields>(options: JsonDecoderOptions<F>): Scanner<F> {
  const code = options.scanner === 'script' || options.reads.length > wasmReadsMax ? undefined : compileScanner()
  return code === undefined ? new ScriptScanner(options) : new WasmScanner(code, options)
}

class JsonDecoder<F extends Fields> implements Decoder<F> {
  readonly memory: RecordMemory
  private readonly scanner: Scanner<F>

  constructor(scanner: Scanner<F>) {
    this.scanner = scanner
    this.memory = scanner.memory
  }

  *decode(records: PackedRecords, origin: string): Generator<Frame<F>> {
    const { scanner } = this
    const { frame } = scanner.projection
    frame.startAnew(origin)
    let forgotAt = -1
    for (let loaded = 0; loaded < records.length;) {
      const end = scanner.load(records, loaded)
      for (let at = loaded; at < end;) {
        const stop = scanner.scan(at, end)
        if (stop === DONE) break
        at = scanner.record
        // A message that overfills dictionaries even of its own is taken record by record.
        if (stop === UNSURE || (stop === FULL && at === forgotAt)) yield* this.takeSlowly(records, at++, origin)
        else {
          yield* this.handOver(origin)
          if (stop === FULL) this.forget()
          if (stop === FULL) forgotAt = at
        }
      }
      loaded = end
    }
    yield* this.handOver(origin)
  }

  close(): void {}

  /** By `JSON.parse`: whatever the scanner is not sure of. */
  private *takeSlowly(records: PackedRecords, index: number, origin: string): Generator<Frame<F>> {
    const { frame } = this.scanner.projection
    const position = records.offsets[index] ?? -1
    const text = textOfMessage(bytesOf(records, index))
    const message = parseMessage(text)
    if (typeof message === 'string') {
      if (this.isCrowded) yield* this.handOver(origin)
      return frame.refuse(position, message, text ?? '')
    }
    for (let i = 0; i < message.records.length; i++) {
      if (this.isCrowded) yield* this.handOver(origin)
      addMessageRecord(frame, message, i, position)
    }
  }

  private get isCrowded(): boolean {
    const { frame, isFull } = this.scanner.projection
    return frame.length >= rowsMax || frame.refusals.length >= rowsMax || isFull
  }

  private *handOver(origin: string): Generator<Frame<F>> {
    const { frame, isFull } = this.scanner.projection
    if (frame.length > 0 || frame.refusals.length > 0) yield frame
    frame.startAnew(origin)
    if (isFull) this.forget()
  }

  private forget(): void {
    this.scanner.projection.startAnew()
    this.scanner.startAnew()
  }
}

function bytesOf({ bytes, spans }: PackedRecords, index: number): Uint8Array | null {
  const from = spans[4 * index + 2] ?? -1
  return from < 0 ? null : bytes.subarray(from, spans[4 * index + 3])
}
