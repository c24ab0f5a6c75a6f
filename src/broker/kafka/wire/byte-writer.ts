/** Writes Kafka's primitive types one after the other. */
export class ByteWriter {
  private bytes: Buffer = Buffer.allocUnsafe(1_024)
  private length = 0

  int8(value: number): this {
    const at = this.room(1)
    this.bytes.writeInt8(value, at)
    return this
  }

  int16(value: number): this {
    const at = this.room(2)
    this.bytes.writeInt16BE(value, at)
    return this
  }

  int32(value: number): this {
    const at = this.room(4)
    this.bytes.writeInt32BE(value, at)
    return this
  }

  int64(value: number): this {
    const at = this.room(8)
    this.bytes.writeBigInt64BE(BigInt(value), at)
    return this
  }

  uuid(value: string): this {
    const at = this.room(16)
    this.bytes.write(value.replaceAll('-', ''), at, 'hex')
    return this
  }

  unsignedVarint(value: number): this {
    let left = value
    for (; left > 127; left = Math.floor(left / 128)) this.byte((left % 128) + 128)
    return this.byte(left)
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

  private byte(value: number): this {
    const at = this.room(1)
    this.bytes[at] = value
    return this
  }

  /** Makes room for so many bytes, and says where they begin. `bytes` may be another buffer afterwards: ask before it is named. */
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
