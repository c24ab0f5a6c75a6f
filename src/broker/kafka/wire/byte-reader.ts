/** Bytes that are not what the protocol says they are. Whoever reads them says where they came from. */
export class MalformedBytes extends Error {
  constructor(what: string) {
    super(what)
    this.name = 'MalformedBytes'
  }
}

/** Reads Kafka's primitive types one after the other, and never beyond the end. */
export class ByteReader {
  readonly bytes: Buffer
  at: number
  private readonly end: number

  constructor(bytes: Uint8Array, at = 0, end = bytes.length) {
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.at = at
    this.end = end
  }

  int8(): number {
    return this.bytes.readInt8(this.advance(1))
  }

  int16(): number {
    return this.bytes.readInt16BE(this.advance(2))
  }

  int32(): number {
    return this.bytes.readInt32BE(this.advance(4))
  }

  /** As a number: exact to 2^53, which no offset reaches. */
  int64(): number {
    const at = this.advance(8)
    return this.bytes.readInt32BE(at) * 4_294_967_296 + this.bytes.readUInt32BE(at + 4)
  }

  /** An id that is only compared. */
  id64(): bigint {
    return this.bytes.readBigInt64BE(this.advance(8))
  }

  uuid(): string {
    const hex = this.bytes.toString('hex', this.advance(16), this.at)
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
  }

  unsignedVarint(): number {
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.bytes[this.advance(1)] ?? 0
      value += (byte & 127) * 2 ** shift
      if (byte < 128) return value
    }
    throw new MalformedBytes('a variable-length number has no end')
  }

  /** VARINT: signed. */
  varint(): number {
    const value = this.unsignedVarint()
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }

  /** A length as VARINT, then so many bytes; -1 is null. */
  varintText(): string | null {
    const length = this.varint()
    return length === -1 ? null : this.text(length)
  }

  /** COMPACT_STRING and COMPACT_NULLABLE_STRING. */
  compactString(): string | null {
    const length = this.unsignedVarint() - 1
    return length < 0 ? null : this.text(length)
  }

  /** STRING and NULLABLE_STRING. */
  string(): string | null {
    const length = this.int16()
    return length < 0 ? null : this.text(length)
  }

  /** COMPACT_ARRAY; null is as good as empty. */
  compactArray<T>(readOne: () => T): T[] {
    return this.many(this.unsignedVarint() - 1, readOne)
  }

  /** ARRAY; null is as good as empty. */
  array<T>(readOne: () => T): T[] {
    return this.many(this.int32(), readOne)
  }

  skip(length: number): void {
    this.advance(length)
  }

  /** TAG_BUFFER: `read` is given each tag, and need not read it. */
  tags(read: (tag: number) => void = () => {}): void {
    for (let left = this.unsignedVarint(); left > 0; left--) {
      const tag = this.unsignedVarint()
      const length = this.unsignedVarint()
      const start = this.advance(length)
      const after = this.at
      this.at = start
      read(tag)
      if (this.at > after) throw new MalformedBytes(`tag ${tag} is longer than it says`)
      this.at = after
    }
  }

  private many<T>(count: number, readOne: () => T): T[] {
    if (count > this.end - this.at)
      throw new MalformedBytes(`${count} things do not fit into ${this.end - this.at} bytes`)
    const all: T[] = []
    for (let i = 0; i < count; i++) all.push(readOne())
    return all
  }

  private text(length: number): string {
    return this.bytes.toString('utf8', this.advance(length), this.at)
  }

  private advance(length: number): number {
    const { at } = this
    if (length < 0 || length > this.end - at)
      throw new MalformedBytes(`${length} bytes are wanted and ${this.end - at} are left`)
    this.at = at + length
    return at
  }
}
