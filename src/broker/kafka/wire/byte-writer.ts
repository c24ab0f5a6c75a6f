/** Writes Kafka's primitive types one after the other. */
export class ByteWriter {
  private bytes: Buffer = Buffer.allocUnsafe(1_024)
  private length = 0

  int8(value: number): this {
    this.bytes.writeInt8(value, this.room(1))
    return this
  }

  int16(value: number): this {
    this.bytes.writeInt16BE(value, this.room(2))
    return this
  }

  int32(value: number): this {
    this.bytes.writeInt32BE(value, this.room(4))
    return this
  }

  int64(value: number): this {
    this.bytes.writeBigInt64BE(BigInt(value), this.room(8))
    return this
  }

  uuid(value: string): this {
    this.bytes.write(value.replaceAll('-', ''), this.room(16), 'hex')
    return this
  }

  unsignedVarint(value: number): this {
    let left = value
    for (; left > 127; left = Math.floor(left / 128)) this.bytes[this.room(1)] = (left % 128) + 128
    this.bytes[this.room(1)] = left
    return this
  }

  compactString(value: string): this {
    const text = Buffer.from(value)
    return this.unsignedVarint(text.length + 1).raw(text)
  }

  string(value: string): this {
    const text = Buffer.from(value)
    return this.int16(text.length).raw(text)
  }

  compactArray<T>(all: readonly T[], writeOne: (one: T) => void): this {
    this.unsignedVarint(all.length + 1)
    for (const one of all) writeOne(one)
    return this
  }

  raw(bytes: Uint8Array): this {
    const at = this.room(bytes.length)
    this.bytes.set(bytes, at)
    return this
  }

  noTags(): this {
    return this.unsignedVarint(0)
  }

  finish(): Buffer {
    return this.bytes.subarray(0, this.length)
  }

  /** Makes room for so many bytes, and says where they begin. */
  private room(size: number): number {
    const at = this.length
    this.length += size
    if (this.length > this.bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.length, 2 * this.bytes.length))
      this.bytes.copy(larger, 0, 0, at)
      this.bytes = larger
    }
    return at
  }
}
