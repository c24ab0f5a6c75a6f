const pieceBytes = 65_536
const encoder = new TextEncoder()

/**
 * Writes JSON as bytes, in pieces of memory that stay as they are once they are written: a message is a part of a piece. A string
 * that is put together and encoded afterwards costs several times as much.
 */
export class JsonBytes {
  private bytes = new Uint8Array(pieceBytes)
  private end = 0

  /** Begins a message of at most so many bytes, and says where. Messages end before the next one begins. */
  begin(bytesMax: number): number {
    if (this.end + bytesMax > this.bytes.length) {
      this.bytes = new Uint8Array(Math.max(pieceBytes, bytesMax))
      this.end = 0
    }
    return this.end
  }

  /** What was written since `begin` said where. */
  since(start: number): Uint8Array {
    return this.bytes.subarray(start, this.end)
  }

  /** ASCII text as it is. */
  ascii(text: string): void {
    const { bytes } = this
    let at = this.end
    for (let i = 0; i < text.length; i++) bytes[at++] = text.charCodeAt(i)
    this.end = at
  }

  /** A string with its quotes, as `JSON.stringify` has it; at most `textBytesMax`. */
  text(value: string): void {
    const { bytes } = this
    let at = this.end
    bytes[at++] = QUOTE
    for (let i = 0; i < value.length; i++) {
      const code = value.charCodeAt(i)
      if (code < 0x20 || code > 0x7e || code === QUOTE || code === BACKSLASH) {
        const { written } = encoder.encodeInto(JSON.stringify(value), bytes.subarray(this.end))
        this.end += written
        return
      }
      bytes[at++] = code
    }
    bytes[at++] = QUOTE
    this.end = at
  }

  /** A number, as `JSON.stringify` has it; at most `numberBytesMax`. */
  number(value: number): void {
    if (value >= 0 && value < 1e9 && Math.floor(value) === value) this.digits(value)
    else this.ascii(Number.isFinite(value) ? String(value) : 'null')
  }

  private digits(value: number): void {
    let length = 1
    for (let power = 10; power <= value; power *= 10) length++
    let rest = value
    for (let at = this.end + length - 1; at >= this.end; at--) {
      const next = Math.floor(rest / 10)
      this.bytes[at] = ZERO + (rest - 10 * next)
      rest = next
    }
    this.end += length
  }
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const ZERO = 0x30

/** The longest number is -1.2345678901234567e-300. */
export const numberBytesMax = 25

/** Every character may have to be written as \u0000. */
export function textBytesMax(text: string): number {
  return 6 * text.length + 2
}
