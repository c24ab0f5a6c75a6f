import type { FileHandle } from 'node:fs/promises'
import { WindsockError } from '../foundation/errors.ts'

/**
 * The table of contents of a ZIP archive, PKWARE APPNOTE 6.3. It stands at the archive's end and is the only place that
 * gives sizes for certain: the header before an entry's data may leave them to a descriptor behind the data.
 *
 *   entry:   signature 4 | versions 4 | flags 2 @8 | method 2 @10 | time 4 | checksum 4 @16 | packed bytes 4 @20 |
 *            bytes 4 @24 | name length 2 @28 | extra length 2 @30 | comment length 2 @32 | disk 2 @34 | … |
 *            offset 4 @42 | name @46 | extra | comment
 *   end:     signature 4 | disks 4 | entries 4 | contents bytes 4 @12 | contents offset 4 @16 | comment length 2 @20
 *   zip64:   locator: signature 4 | disk 4 | end offset 8 @8; its end: contents bytes 8 @40 | contents offset 8 @48
 */
export interface ZipEntry {
  readonly name: string
  readonly method: 'stored' | 'deflated'
  /** Where the packed data begins in the archive. */
  readonly offset: number
  readonly packedBytes: number
  readonly bytes: number
  /** CRC-32 of the unpacked data. */
  readonly checksum: number
}

const entrySignature = 0x02014b50
const headerSignature = 0x04034b50
const endSignature = 0x06054b50
const locatorSignature = 0x07064b50
const end64Signature = 0x06064b50
const inZip64 = 0xffffffff

const endBytes = 22
const commentBytesMax = 0xffff
const contentsBytesMax = 64_000_000

/**
 * Finds the first entry whose name is accepted.
 *
 * @throws WindsockError `file-format` when the archive is incomplete, encrypted or packed by an unusual method
 */
export async function findZipEntry(
  path: string,
  file: FileHandle,
  size: number,
  accepts: (name: string) => boolean,
): Promise<ZipEntry | undefined> {
  const { offset, bytes } = await findContents(path, file, size)
  const contents = await readAt(path, file, offset, bytes)
  for (let at = 0; at + 46 <= contents.length && contents.readUInt32LE(at) === entrySignature;) {
    const nameEnd = at + 46 + contents.readUInt16LE(at + 28)
    const extraEnd = nameEnd + contents.readUInt16LE(at + 30)
    const name = contents.toString('utf8', at + 46, nameEnd)
    if (accepts(name)) return await describe(path, file, name, contents.subarray(at, extraEnd), nameEnd - at)
    at = extraEnd + contents.readUInt16LE(at + 32)
  }
  return undefined
}

async function findContents(path: string, file: FileHandle, size: number): Promise<{ offset: number; bytes: number }> {
  const tailBytes = Math.min(size, endBytes + commentBytesMax)
  const tail = await readAt(path, file, size - tailBytes, tailBytes)
  let end = tail.length - endBytes
  while (end >= 0 && !isEnd(tail, end)) end--
  if (end < 0) throw broken(path, 'is not a complete ZIP archive')
  const bytes = tail.readUInt32LE(end + 12)
  const offset = tail.readUInt32LE(end + 16)
  if (offset !== inZip64 && bytes !== inZip64) return { offset, bytes }
  const locator = end - 20
  if (locator < 0 || tail.readUInt32LE(locator) !== locatorSignature) throw broken(path, 'is a damaged ZIP archive')
  const end64 = await readAt(path, file, Number(tail.readBigUInt64LE(locator + 8)), 56)
  if (end64.readUInt32LE(0) !== end64Signature) throw broken(path, 'is a damaged ZIP archive')
  return { bytes: Number(end64.readBigUInt64LE(40)), offset: Number(end64.readBigUInt64LE(48)) }
}

/** The comment behind it may hold anything, also what looks like the signature; its length tells the one true end. */
function isEnd(tail: Buffer, at: number): boolean {
  return tail.readUInt32LE(at) === endSignature && at + endBytes + tail.readUInt16LE(at + 20) === tail.length
}

async function describe(path: string, file: FileHandle, name: string, entry: Buffer, extra: number): Promise<ZipEntry> {
  const method = entry.readUInt16LE(10)
  if ((entry.readUInt16LE(8) & 1) !== 0) throw broken(path, `is encrypted: ${name} in it needs a password`)
  if (method !== 0 && method !== 8) throw broken(path, `is packed by a method (${method}) that is not read here`)
  // Zip64 gives, in this order, those of the three figures that are too large for their four bytes.
  const large = zip64Figures(entry.subarray(extra))
  const figure = (at: number): number => {
    const small = entry.readUInt32LE(at)
    return small === inZip64 ? (large.shift() ?? small) : small
  }
  const bytes = figure(24)
  const packedBytes = figure(20)
  const headerOffset = figure(42)
  const header = await readAt(path, file, headerOffset, 30)
  if (header.readUInt32LE(0) !== headerSignature) throw broken(path, 'is a damaged ZIP archive')
  return {
    name,
    method: method === 0 ? 'stored' : 'deflated',
    offset: headerOffset + 30 + header.readUInt16LE(26) + header.readUInt16LE(28),
    packedBytes,
    bytes,
    checksum: entry.readUInt32LE(16),
  }
}

function zip64Figures(extra: Buffer): number[] {
  const figures: number[] = []
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) !== 1) continue
    const end = Math.min(extra.length, at + 4 + extra.readUInt16LE(at + 2))
    for (let figure = at + 4; figure + 8 <= end; figure += 8) figures.push(Number(extra.readBigUInt64LE(figure)))
  }
  return figures
}

async function readAt(path: string, file: FileHandle, offset: number, bytes: number): Promise<Buffer> {
  if (bytes > contentsBytesMax) throw broken(path, 'is a ZIP archive with too many files in it')
  const { buffer, bytesRead } = await file.read(Buffer.alloc(bytes), 0, bytes, offset)
  if (bytesRead < bytes) throw broken(path, 'is not a complete ZIP archive')
  return buffer
}

function broken(path: string, what: string): WindsockError {
  return new WindsockError('file-format', `${path} ${what}`, {
    hint: 'Download it again, or unpack it and give the CSV file in it',
  })
}
