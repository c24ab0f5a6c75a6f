import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { describe, it } from 'node:test'
import { chooseSource } from '../../../src/cli/sources.ts'
import { demonstrationFlights, demonstrationPrices } from '../../../src/cli/up/demonstration.ts'

describe('the demonstration', () => {
  for (const [name, feed] of [
    ['flights', demonstrationFlights()],
    ['prices', demonstrationPrices()],
  ] as const) {
    it(`plays committed ${name} in about ten minutes, with something moving every second`, async () => {
      assert.ok(feed.files.length > 0 && feed.files.every((file) => existsSync(file)))
      const { source } = await chooseSource(name, feed.files, undefined)
      let rows = 0
      for await (const frame of source.observe(new AbortController().signal)) {
        assert.deepEqual(frame.refusals, [])
        rows += frame.length
      }
      const minutes = (rows - feed.history) / feed.rate / 60
      assert.ok(minutes > 8 && minutes < 12, `${minutes} minutes`)
      assert.ok(feed.rate >= 1 && feed.history > 0)
    })
  }
})
