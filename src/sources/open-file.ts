import { createReadStream } from 'node:fs'
import { open, stat, type FileHandle } from 'node:fs/promises'
import { pipeline, type Readable } from 'node:stream'
import { createGunzip, createInflateRaw, crc32 } from 'node:zlib'
import { systemCode, WindsockError } from '../foundation/errors.ts'
import { findZipEntry, type ZipEntry } from './zip.ts'

/** A file that can be read as a stream of the bytes in it, unpacked where it is packed. */
export interface InputFile {
  /** As the user gave it. */
  readonly path: string
  /** The size on disk: packed, where it is packed. */
  readonly bytes: number
  /** Reads from the beginning. `onBytes` hears of every piece taken from the disk, in packed bytes. */
  chunks(onBytes?: (bytes: number) => void): AsyncIterable<Uint8Array>
}

const chunkBytes = 262_144

/**
 * Opens a plain, gzip or ZIP file; its first bytes decide which it is, not its name. Of a ZIP archive the first entry
 * named *.csv is read.
 *
 * @throws WindsockError `file-missing`, `file-unreadable` or `file-format`; the last one also while reading, when an
 *   archive turns out to be damaged
 */
export async function openFile(path: string): Promise<InputFile> {
  try {
    const found = await stat(path)
    if (found.isDirectory()) throw new WindsockError('file-unreadable', `${path} is a directory`, oneFile)
    if (!found.isFile()) throw new WindsockError('file-unreadable', `${path} is not a file on disk`, oneFile)
    if (found.size === 0) throw new WindsockError('file-format', `${path} is empty`, again)
    const packing = await recognise(path, found.size)
    return {
      path,
      bytes: found.size,
      chunks: (onBytes = () => {}) => unpack(path, packing, onBytes),
    }
  } catch (error) {
    throw explain(path, error)
  }
}

const oneFile = { hint: 'Give the path of a CSV file, plain or packed as .gz or .zip' }
const again = { hint: 'Download or copy it again' }

type Packing = { readonly kind: 'plain' | 'gzip' } | { readonly kind: 'zip'; readonly entry: ZipEntry }

async function recognise(path: string, size: number): Promise<Packing> {
  const file = await open(path)
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(8), 0, 8, 0)
    const head = buffer.subarray(0, bytesRead).toString('latin1')
    if (head.startsWith('\x1f\x8b')) return { kind: 'gzip' }
    if (zipHeads.some((start) => head.startsWith(start))) return { kind: 'zip', entry: await findCsv(path, file, size) }
    const foreign = foreignHeads.find(([start]) => head.startsWith(start))
    if (foreign === undefined) return { kind: 'plain' }
    throw new WindsockError('file-format', `${path} is ${foreign[1]}, which is not read here`, { hint: foreign[2] })
  } finally {
    await file.close()
  }
}

const unpackIt = 'Unpack it first and give the CSV file in it'
const saveAsCsv = 'Save it as CSV in UTF-8'

const zipHeads = ['PK\x03\x04', 'PK\x05\x06', 'PK\x06\x06']

/** What people have in place of a CSV file, by how it begins. */
const foreignHeads = [
  ['\xff\xfe', 'UTF-16 text', saveAsCsv],
  ['\xfe\xff', 'UTF-16 text', saveAsCsv],
  ['PAR1\x15', 'a Parquet file', saveAsCsv],
  ['\xd0\xcf\x11\xe0', 'an Excel workbook', saveAsCsv],
  ['BZh91AY', 'packed with bzip2', unpackIt],
  ['\xfd7zXZ', 'packed with xz', unpackIt],
  ['\x28\xb5\x2f\xfd', 'packed with zstd', unpackIt],
  ['7z\xbc\xaf', 'a 7-Zip archive', unpackIt],
  ['Rar!\x1a', 'a RAR archive', unpackIt],
] as const

async function findCsv(path: string, file: FileHandle, size: number): Promise<ZipEntry> {
  const entry = await findZipEntry(path, file, size, (name) => /\.csv$/i.test(name) && !name.startsWith('__MACOSX/'))
  if (entry !== undefined) return entry
  throw new WindsockError('file-format', `${path} is a ZIP archive without a CSV file in it`, oneFile)
}

async function* unpack(path: string, packing: Packing, onBytes: (bytes: number) => void): AsyncGenerator<Uint8Array> {
  try {
    switch (packing.kind) {
      case 'plain':
        return yield* onDisk(path, onBytes)
      case 'gzip':
        return yield* through(onDisk(path, onBytes), createGunzip({ chunkSize: chunkBytes }))
      case 'zip':
        return yield* readEntry(path, packing.entry, onBytes)
    }
  } catch (error) {
    throw explain(path, error)
  }
}

async function* readEntry(path: string, entry: ZipEntry, onBytes: (bytes: number) => void): AsyncGenerator<Uint8Array> {
  if (entry.packedBytes === 0) return
  const packed = onDisk(path, onBytes, entry.offset, entry.packedBytes)
  const chunks = entry.method === 'stored' ? packed : through(packed, createInflateRaw({ chunkSize: chunkBytes }))
  let checksum = 0
  let bytes = 0
  for await (const chunk of chunks) {
    checksum = crc32(chunk, checksum)
    bytes += chunk.length
    yield chunk
  }
  if (checksum !== entry.checksum || bytes !== entry.bytes) {
    throw new WindsockError('file-format', `${path} is damaged: ${entry.name} in it fails its checksum`, again)
  }
}

async function* onDisk(
  path: string,
  onBytes: (bytes: number) => void,
  offset = 0,
  length = Infinity,
): AsyncGenerator<Uint8Array> {
  const stream: AsyncIterable<Uint8Array> = createReadStream(path, {
    highWaterMark: chunkBytes,
    start: offset,
    end: offset + length - 1,
  })
  for await (const chunk of stream) {
    onBytes(chunk.length)
    yield chunk
  }
}

async function* through(
  packed: AsyncIterable<Uint8Array>,
  unpacker: Readable & NodeJS.WritableStream,
): AsyncGenerator<Uint8Array> {
  // The unpacker is destroyed with the error of any stage and hands it to the loop; a loop left early ends them all.
  pipeline(packed, unpacker, () => {})
  const unpacked: AsyncIterable<Uint8Array> = unpacker
  yield* unpacked
}

/** A sentence about the file for whatever went wrong with it. */
function explain(path: string, error: unknown): unknown {
  if (error instanceof WindsockError) return error
  const code = systemCode(error) ?? ''
  const cause = { cause: error }
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new WindsockError('file-missing', `${path} does not exist`, { ...cause, hint: 'Check the path' })
    case 'EACCES':
    case 'EPERM':
      return new WindsockError('file-unreadable', `${path} may not be read`, {
        ...cause,
        hint: 'Check the permissions of the file and its folders',
      })
    case 'Z_BUF_ERROR':
      return new WindsockError('file-format', `${path} ends in the middle of its packed data`, { ...cause, ...again })
  }
  if (code.startsWith('Z_')) {
    return new WindsockError('file-format', `${path} is damaged: its packed data cannot be unpacked`, {
      ...cause,
      ...again,
    })
  }
  const reason = error instanceof Error ? error.message : String(error)
  return new WindsockError('file-unreadable', `${path} cannot be read: ${reason}`, {
    ...cause,
    hint: 'Check the file and the disk it is on',
  })
}
