import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { crc32 } from 'node:zlib'
import { strToU8, Zip, ZipDeflate, ZipPassThrough, zipSync } from 'fflate'
import { openFile } from '../../src/sources/open-file.ts'
import { fails, textOf, writeFile, zip64Of } from './written-files.ts'

const text = 'Year,Month\n' + '2015,1\n'.repeat(100_000)

async function read(t: TestContext, archive: Uint8Array): Promise<string> {
  return textOf((await openFile(writeFile(t, 'a.zip', archive))).chunks())
}

/** As a program writes it that does not know the sizes before the data: they stand behind it. */
function streamed(entries: readonly [string, string, typeof ZipDeflate | typeof ZipPassThrough][]): Buffer {
  const pieces: Uint8Array[] = []
  const zip = new Zip((_error, piece) => pieces.push(piece))
  for (const [name, content, Entry] of entries) {
    const entry = new Entry(name)
    zip.add(entry)
    entry.push(strToU8(content), true)
  }
  zip.end()
  return Buffer.concat(pieces)
}

describe('a ZIP archive', () => {
  it('gives its first CSV file, and not what macOS puts beside it', async (t) => {
    const archive = zipSync({
      'readme.html': strToU8('<html>'),
      '__MACOSX/._flights.csv': strToU8('no'),
      'in/a/Folder.CSV': strToU8(text),
      'other.csv': strToU8('no'),
    })
    assert.equal(await read(t, archive), text)
  })

  it('may have its files stored, and its sizes behind the data', async (t) => {
    assert.equal(await read(t, zipSync({ 'a.csv': [strToU8(text), { level: 0 }] })), text)
    assert.equal(
      await read(
        t,
        streamed([
          ['x.txt', 'x', ZipDeflate],
          ['a.csv', text, ZipDeflate],
        ]),
      ),
      text,
    )
    assert.equal(
      await read(
        t,
        streamed([
          ['x.txt', 'x', ZipPassThrough],
          ['a.csv', text, ZipPassThrough],
        ]),
      ),
      text,
    )
  })

  it('may have an empty file', async (t) => {
    assert.equal(await read(t, zipSync({ 'a.csv': [new Uint8Array(0), { level: 0 }] })), '')
  })

  it('may have a comment at its end', async (t) => {
    const archive = Buffer.from(zipSync({ 'a.csv': strToU8(text) }))
    const comment = Buffer.from('PK\x05\x06 looks like an end')
    archive.writeUInt16LE(comment.length, archive.length - 2)
    assert.equal(await read(t, Buffer.concat([archive, comment])), text)
  })

  it('may be in the form for large archives', async (t) => {
    assert.equal(await read(t, zip64Of('a.csv', text, crc32(text))), text)
  })

  it('without a CSV file is refused', async (t) => {
    const path = writeFile(t, 'a.zip', zipSync({ 'a.xml': strToU8('x') }))
    await assert.rejects(openFile(path), fails('file-format', 'FILE is a ZIP archive without a CSV file in it', path))
  })

  it('that is cut off is refused', async (t) => {
    const path = writeFile(t, 'a.zip', zipSync({ 'a.csv': strToU8(text) }).subarray(0, 300))
    await assert.rejects(openFile(path), fails('file-format', 'FILE is not a complete ZIP archive', path))
  })

  it('that needs a password or an unusual program is refused', async (t) => {
    const archive = Buffer.from(zipSync({ 'a.csv': strToU8(text) }))
    const entry = archive.indexOf('PK\x01\x02')
    const encrypted = Buffer.from(archive)
    encrypted.writeUInt16LE(1, entry + 8)
    const unusual = Buffer.from(archive)
    unusual.writeUInt16LE(14, entry + 10)
    for (const [content, message] of [
      [encrypted, 'FILE is encrypted: a.csv in it needs a password'],
      [unusual, 'FILE is packed by a method (14) that is not read here'],
    ] as const) {
      const path = writeFile(t, 'a.zip', content)
      await assert.rejects(openFile(path), fails('file-format', message, path))
    }
  })

  it('whose file does not agree with its checksum is refused', async (t) => {
    const path = writeFile(t, 'a.zip', zip64Of('a.csv', text, 1))
    const chunks = (await openFile(path)).chunks()
    await assert.rejects(textOf(chunks), fails('file-format', 'FILE is damaged: a.csv in it fails its checksum', path))
  })
})
