import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { analysisNames, chooseAnalysis } from '../../src/analyses/all.ts'
import { flights } from '../../src/topics/flights.ts'
import { prices } from '../../src/topics/prices.ts'
import { quarantine } from '../../src/topics/quarantine.ts'
import { resultTopic } from '../../src/topics/results.ts'
import { status } from '../../src/topics/status.ts'
import { dayMs, type Topic } from '../../src/topics/topic.ts'

const groups = [
  ...analysisNames.map((name) => chooseAnalysis(name).group),
  chooseAnalysis('aroon', { period: '25' }).group,
  chooseAnalysis('bollinger', { period: '10', deviations: '2.5' }).group,
  chooseAnalysis('bollinger', { deviations: '1e-7' }, 'other.prices_2').group,
]
const topics: readonly Topic[] = [flights, prices, quarantine, status, ...groups.map(resultTopic)]

describe('the topics', () => {
  it('have names that Kafka takes', () => {
    for (const { name } of topics) {
      assert.match(name, /^[a-zA-Z0-9._-]{1,249}$/)
      assert.ok(name !== '.' && name !== '..')
    }
  })

  it('have names of their own, also in the metrics of Kafka, where . and _ are the same', () => {
    const names = topics.map(({ name }) => name.replaceAll('.', '_'))
    assert.equal(new Set(names).size, topics.length)
  })

  it('have partitions, and keep their records for a time that is given in whole days or for ever', () => {
    assert.equal(dayMs, 24 * 60 * 60 * 1000)
    for (const { partitions, retentionMs, cleanup } of topics) {
      assert.ok(Number.isInteger(partitions) && partitions >= 1)
      assert.ok(cleanup === 'compact' ? retentionMs === -1 : retentionMs % dayMs === 0)
    }
  })
})
