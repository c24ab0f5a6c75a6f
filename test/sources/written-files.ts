import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { deflateRawSync } from 'node:zlib'
import type { WindsockError } from '../../src/foundation/errors.ts'
import type { Frame } from '../../src/model/frame.ts'
import type { Fields } from '../../src/model/schema.ts'

/** Writes a file into a folder that goes with the test, and returns its path. */
export function writeFile(t: TestContext, name: string, content: string | Uint8Array): string {
  const folder = mkdtempSync(join(tmpdir(), 'windsock-sources-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

/** What `assert.rejects` is to find in an error; the path in its message is given as FILE. */
export function fails(code: WindsockError['code'], message: string | RegExp, path: string) {
  return (error: WindsockError): boolean => {
    const shown = error.message.replaceAll(path, 'FILE')
    const isSaid = typeof message === 'string' ? shown === message : message.test(shown)
    if (error.code === code && isSaid && error.hint !== undefined && !error.message.includes('\n')) return true
    throw new Error(`${error.code}: ${shown} (${String(error.hint)})`, { cause: error })
  }
}

export async function textOf(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const all: Uint8Array[] = []
  for await (const chunk of chunks) all.push(chunk)
  return Buffer.concat(all).toString('utf8')
}

export async function framesOf<F extends Fields>(frames: AsyncIterable<Frame<F>>): Promise<Frame<F>[]> {
  const all: Frame<F>[] = []
  for await (const frame of frames) all.push(frame)
  return all
}

/** An archive with one deflated entry whose sizes and place are given in the Zip64 form alone. */
export function zip64Of(name: string, text: string, checksum: number): Buffer {
  const packed = deflateRawSync(text)
  const header = Buffer.alloc(30)
  header.writeUInt32LE(0x04034b50, 0)
  header.writeUInt16LE(8, 8)
  header.writeUInt16LE(name.length, 26)
  const extra = Buffer.alloc(4 + 24)
  extra.writeUInt16LE(1, 0)
  extra.writeUInt16LE(24, 2)
  extra.writeBigUInt64LE(BigInt(Buffer.byteLength(text)), 4)
  extra.writeBigUInt64LE(BigInt(packed.length), 12)
  const entry = Buffer.alloc(46)
  entry.writeUInt32LE(0x02014b50, 0)
  entry.writeUInt16LE(8, 10)
  entry.writeUInt32LE(checksum, 16)
  entry.writeUInt16LE(name.length, 28)
  entry.writeUInt16LE(extra.length, 30)
  for (const at of [20, 24, 42]) entry.writeUInt32LE(0xffffffff, at)
  const data = Buffer.concat([header, Buffer.from(name), packed])
  const contents = Buffer.concat([entry, Buffer.from(name), extra])
  const end64 = Buffer.alloc(56)
  end64.writeUInt32LE(0x06064b50, 0)
  end64.writeBigUInt64LE(BigInt(contents.length), 40)
  end64.writeBigUInt64LE(BigInt(data.length), 48)
  const locator = Buffer.alloc(20)
  locator.writeUInt32LE(0x07064b50, 0)
  locator.writeBigUInt64LE(BigInt(data.length + contents.length), 8)
  const end = Buffer.alloc(22, 0xff)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(0, 20)
  return Buffer.concat([data, contents, end64, locator, end])
}
