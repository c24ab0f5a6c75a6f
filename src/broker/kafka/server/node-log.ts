import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { systemCode, WindsockError } from '../../../foundation/errors.ts'
import { nodeDir } from './cluster-file.ts'
import { consoleLogFile } from './node-process.ts'

const tailBytesMax = 262_144

/** The last lines of a node's server log, oldest first; none when there is no log. */
export async function tailServerLog(home: string, nodeId: number, lines: number): Promise<string[]> {
  return tail(join(nodeDir(home, nodeId), 'server.log'), lines)
}

/** Why a broker ended, with the lines of its logs that are worth reading. */
export async function crashError(home: string, nodeId: number, how: string): Promise<WindsockError> {
  const lines = await crashLines(home, nodeId)
  const place = join(nodeDir(home, nodeId), 'server.log')
  return new WindsockError('broker-crashed', `the local Kafka broker node ${nodeId} of ${home} ${how}`, {
    hint: lines.length === 0 ? `It left nothing in its log ${place}` : `Its log ${place} ends:\n${lines.join('\n')}`,
  })
}

const crashLinesMax = 15
const lineCharsMax = 240

/** What the JVM itself said, then complaints, then the last words; in each, the newest are kept. */
async function crashLines(home: string, nodeId: number): Promise<string[]> {
  const console = (await tail(consoleLogFile(nodeDir(home, nodeId)), 200)).filter(isWorthReading)
  const server = (await tailServerLog(home, nodeId, 400)).filter(isWorthReading)
  const last = server.slice(-5)
  const complaints = server.slice(0, -5).filter((line) => /\b(?:WARN|ERROR|FATAL)\b|Exception|Error:/.test(line))
  const room = crashLinesMax - last.length
  const said = console.slice(-Math.ceil(room / 2))
  return [...said, ...complaints.slice(-(room - said.length)), ...last].map((line) => line.slice(0, lineCharsMax))
}

/** Not a frame of a stack. */
function isWorthReading(line: string): boolean {
  return line.trim() !== '' && !/^\s+(?:at |\.\.\. \d+ more)/.test(line)
}

async function tail(path: string, lines: number): Promise<string[]> {
  let file
  try {
    file = await open(path)
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return []
    throw error
  }
  try {
    const { size } = await file.stat()
    const bytes = Math.min(size, tailBytesMax)
    const { buffer, bytesRead } = await file.read(Buffer.alloc(bytes), 0, bytes, size - bytes)
    const all = buffer.toString('utf8', 0, bytesRead).replace(/\n$/, '').split('\n')
    const whole = bytes < size ? all.slice(1) : all // the first line was cut
    return whole.length === 1 && whole[0] === '' ? [] : whole.slice(-lines)
  } finally {
    await file.close()
  }
}
