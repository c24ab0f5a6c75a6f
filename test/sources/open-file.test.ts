import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { gzipSync } from 'node:zlib'
import { strToU8, zipSync } from 'fflate'
import { openFile } from '../../src/sources/open-file.ts'
import { fails, textOf, writeFile } from './written-files.ts'

const text = 'YEAR,MONTH\n' + '2015,1\n'.repeat(200_000)

describe('openFile', () => {
  it('reads a file by what is in it, whatever its name', async (t) => {
    const archive = zipSync({ 'flights.csv': strToU8(text) })
    for (const [name, content] of [
      ['flights.zip', text],
      ['flights.csv', gzipSync(text)],
      ['flights.gz', archive],
    ] as const) {
      const path = writeFile(t, name, content)
      let read = 0
      const file = await openFile(path)
      assert.equal(await textOf(file.chunks((bytes) => (read += bytes))), text)
      assert.equal(file.bytes, statSync(path).size)
      assert.ok(read > 0 && read <= file.bytes, `${read} of ${file.bytes}`)
    }
  })

  it('reads the same again, also while it is being read', async (t) => {
    const file = await openFile(writeFile(t, 'a.gz', gzipSync(text)))
    assert.deepEqual(await Promise.all([textOf(file.chunks()), textOf(file.chunks())]), [text, text])
  })

  it('reads a gzip file of several members to its end', async (t) => {
    const path = writeFile(t, 'a.gz', Buffer.concat([gzipSync('a,b\n'), gzipSync('c,d\n')]))
    assert.equal(await textOf((await openFile(path)).chunks()), 'a,b\nc,d\n')
  })

  it('closes a file that is left in the middle', async (t) => {
    for (const content of [text, gzipSync(text), zipSync({ 'a.csv': strToU8(text) })]) {
      const file = await openFile(writeFile(t, 'a', content))
      for await (const chunk of file.chunks()) {
        assert.ok(chunk.length > 0)
        break
      }
    }
  })

  it('does not take a plain file for an archive that begins like one in letters alone', async (t) => {
    for (const plain of ['PK,A\n', 'PAR1,A\n', 'BZh,A\n', 'Rar!,A\n']) {
      assert.equal(await textOf((await openFile(writeFile(t, 'a.csv', plain))).chunks()), plain)
    }
  })

  it('says that a file does not exist', async (t) => {
    const path = writeFile(t, 'a.csv', 'a')
    await assert.rejects(openFile(`${path}.no`), fails('file-missing', 'FILE.no does not exist', path))
    await assert.rejects(openFile(join(path, 'b')), fails('file-missing', /^FILE.b does not exist$/, path))
  })

  it('says that a folder is no file', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'windsock-folder-'))
    t.after(() => rmSync(folder, { recursive: true }))
    await assert.rejects(openFile(folder), fails('file-unreadable', 'FILE is a directory', folder))
  })

  const isRoot = process.platform === 'win32' || process.getuid?.() === 0
  it('says that a file may not be read', { skip: isRoot ? 'root may read every file' : false }, async (t) => {
    const path = writeFile(t, 'a.csv', 'a')
    chmodSync(path, 0)
    await assert.rejects(openFile(path), fails('file-unreadable', 'FILE may not be read', path))
  })

  it('says that a file is empty', async (t) => {
    const path = writeFile(t, 'a.csv', '')
    await assert.rejects(openFile(path), fails('file-format', 'FILE is empty', path))
  })

  it('says what a file is that it does not read', async (t) => {
    for (const [head, name] of [
      ['\xff\xfea\0', 'UTF-16 text'],
      ['PAR1\x15\x04', 'a Parquet file'],
      ['\x28\xb5\x2f\xfd\x04', 'packed with zstd'],
    ] as const) {
      const path = writeFile(t, 'a.csv', Buffer.from(head, 'latin1'))
      await assert.rejects(openFile(path), fails('file-format', `FILE is ${name}, which is not read here`, path))
    }
  })

  it('says that a gzip file is cut off or damaged', async (t) => {
    const whole = gzipSync(text)
    const cut = writeFile(t, 'a.csv.gz', whole.subarray(0, whole.length - 20))
    await assert.rejects(
      textOf((await openFile(cut)).chunks()),
      fails('file-format', 'FILE ends in the middle of its packed data', cut),
    )
    const damaged = Buffer.from(whole)
    damaged.fill(0xff, whole.length >> 1, (whole.length >> 1) + 8)
    const path = writeFile(t, 'a.csv.gz', damaged)
    await assert.rejects(
      textOf((await openFile(path)).chunks()),
      fails('file-format', 'FILE is damaged: its packed data cannot be unpacked', path),
    )
  })
})
