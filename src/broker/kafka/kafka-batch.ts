import { WindsockError } from '../../foundation/errors.ts'
import type { PackedRecords } from '../../model/packed-records.ts'
import type { Batch, IncomingRecord } from '../broker.ts'
import { MalformedBytes } from './wire/byte-reader.ts'
import { copyRecords } from './wire/copy-records.ts'
import type { RecordPacker } from './wire/record-packer.ts'

/** What a packer holds for now. */
export class KafkaBatch implements Batch {
  readonly topic: string
  readonly partition: number
  readonly next: number
  readonly end: number
  private readonly packer: RecordPacker
  private copied: readonly IncomingRecord[] | undefined
  private isExpired = false

  constructor(topic: string, partition: number, packer: RecordPacker, next: number, end: number) {
    this.topic = topic
    this.partition = partition
    this.packer = packer
    this.next = next
    this.end = end
  }

  /** @throws WindsockError `usage` when the next batch was asked for meanwhile: their memory holds other records by now */
  get packed(): PackedRecords {
    if (this.isExpired)
      throw new WindsockError('usage', `the records of ${this.topic}/${this.partition} were asked for too late`)
    return this.packer
  }

  /** @throws WindsockError `usage` when they are first asked for after the next batch was; `records-damaged` */
  get records(): readonly IncomingRecord[] {
    this.copied ??= this.copy()
    return this.copied
  }

  expire(): void {
    this.isExpired = true
  }

  private copy(): IncomingRecord[] {
    try {
      return copyRecords(this.packed, this.packer.headerSpans)
    } catch (error) {
      if (!(error instanceof MalformedBytes)) throw error
      const where = `${this.topic}/${this.partition}, before offset ${this.next}`
      throw new WindsockError('records-damaged', `${where}: the headers of a record are damaged: ${error.message}`)
    }
  }
}
