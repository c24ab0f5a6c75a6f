import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createLogger, silentLogger } from '../../src/foundation/logger.ts'

describe('a logger', () => {
  it('writes a line with the time, who says it, and a word for what is not fine', () => {
    const lines: string[] = []
    const logger = createLogger(
      'aroon',
      (line) => lines.push(line),
      () => Date.UTC(2015, 0, 1, 9, 5, 7, 30),
    )
    logger.info('reads prices')
    logger.warn('is late')
    logger.error('has failed')
    assert.deepEqual(lines, [
      '09:05:07.030 aroon reads prices\n',
      '09:05:07.030 aroon warning: is late\n',
      '09:05:07.030 aroon error: has failed\n',
    ])
  })

  it('says the time of now where it is given none', () => {
    const lines: string[] = []
    createLogger('a', (line) => lines.push(line)).info('b')
    assert.match(lines.join(''), /^\d\d:\d\d:\d\d\.\d{3} a b\n$/)
  })

  it('may be silent', () => {
    for (const word of ['info', 'warn', 'error'] as const) assert.equal(silentLogger[word]('a'), undefined)
  })
})
