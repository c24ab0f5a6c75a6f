import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import axe from 'axe-core'
import type { Browser, Page } from 'playwright-core'
import { openChromium, withoutChromium } from '../support/chromium.ts'
import { withoutKafka } from '../support/local-kafka.ts'
import { type RunningWindsock, startWindsock } from '../support/running-windsock.ts'

const pictures = fileURLToPath(new URL('../../test-output/', import.meta.url))
const skip = withoutKafka === false ? withoutChromium : withoutKafka
const patience = { timeout: 45_000 }

describe('the whole of it in a real browser', { skip }, () => {
  let home: string
  let windsock: RunningWindsock
  let browser: Browser
  let page: Page
  const complaints: string[] = []

  before(async () => {
    await mkdir(pictures, { recursive: true })
    home = await mkdtemp(join(tmpdir(), 'windsock-browser-'))
    const [opened, started] = await Promise.all([openChromium(), startWindsock(home)])
    browser = opened
    windsock = started
    page = await browser.newPage({ viewport: { width: 1440, height: 900 }, colorScheme: 'light' })
    page.on('pageerror', (error) => complaints.push(error.message))
    page.on('console', (message) => {
      if (message.type() === 'error' && !message.text().includes('ERR_')) complaints.push(message.text())
    })
    await page.goto(windsock.url)
  })
  after(async () => {
    await browser?.close()
    await windsock?.stop()
    await rm(home, { recursive: true, force: true })
  })

  const attribute = async (selector: string, name: string): Promise<string> =>
    (await page.locator(selector).first().getAttribute(name)) ?? ''
  const untilChanged = async (selector: string, name: string, from: string): Promise<void> => {
    await page.waitForSelector(`${selector}:not([${name}="${from}"])`, { ...patience, state: 'attached' })
  }
  const untilDrawn = async (name: string): Promise<void> => {
    await page.waitForSelector(`${chart(name)}[data-points]:not([data-points="0"])`, { ...patience, state: 'attached' })
  }

  it('draws the three charts', async () => {
    for (const name of ['bollinger', 'aroon', 'flights-per-day']) await untilDrawn(name)
    await page.screenshot({ path: join(pictures, 'running-light.png'), fullPage: true })
  })

  it('draws them anew as records arrive', async () => {
    for (const name of ['bollinger', 'aroon', 'flights-per-day']) {
      const drawnAt = await attribute(chart(name), 'data-drawn-at')
      assert.notEqual(drawnAt, '')
      await untilChanged(chart(name), 'data-drawn-at', drawnAt)
    }
    const newest = await attribute(chart('bollinger'), 'data-newest')
    await untilChanged(chart('bollinger'), 'data-newest', newest)
  })

  it('says that a killed analysis failed, and that it is back', async () => {
    const pid = (await windsock.partPids()).get('bollinger')
    assert.ok(pid !== undefined)
    const seen = page.waitForSelector('[data-process="bollinger"]:not([data-state="running"])', {
      ...patience,
      state: 'attached',
    })
    process.kill(pid, 'SIGKILL')
    await seen
    await page.waitForSelector('[data-process="bollinger"][data-state="running"]', patience)
    const newest = await attribute(chart('bollinger'), 'data-newest')
    await untilChanged(chart('bollinger'), 'data-newest', newest)
  })

  it('says that a killed broker is down, keeps the charts, and goes on when it is back', async () => {
    const points = await attribute(chart('bollinger'), 'data-points')
    for (const pid of await windsock.brokerPids()) process.kill(pid, 'SIGKILL')
    await page.waitForSelector('[data-broker="down"]', { ...patience, state: 'attached' })
    assert.equal(await attribute(chart('bollinger'), 'data-points'), points)
    await page.screenshot({ path: join(pictures, 'broker-down-light.png') })
    await page.waitForSelector('[data-broker="up"]', { ...patience, state: 'attached' })
    for (const name of ['bollinger', 'aroon', 'flights-per-day']) {
      const drawnAt = await attribute(chart(name), 'data-drawn-at')
      await untilChanged(chart(name), 'data-drawn-at', drawnAt)
    }
  })

  it('collects updates for 5 s when told so, and is live again when told so', async () => {
    await page.getByRole('button', { name: '5 s', exact: true }).click()
    await page.waitForTimeout(200)
    const drawnAt = await attribute(chart('aroon'), 'data-drawn-at')
    await page.waitForTimeout(2_000)
    assert.equal(await attribute(chart('aroon'), 'data-drawn-at'), drawnAt)
    await page.getByRole('button', { name: 'Live', exact: true }).click()
    await untilChanged(chart('aroon'), 'data-drawn-at', drawnAt)
  })

  it('has nothing that hinders a reader badly, in either theme and on a phone', async () => {
    for (const [colorScheme, width] of [
      ['light', 1440],
      ['dark', 1440],
      ['dark', 390],
    ] as const) {
      await page.emulateMedia({ colorScheme })
      await page.setViewportSize({ width, height: 900 })
      await page.waitForTimeout(300)
      await page.screenshot({ path: join(pictures, `running-${colorScheme}-${width}.png`), fullPage: true })
      const found = await audit(page)
      assert.deepEqual(found, [])
      const wide: unknown = await page.evaluate('document.documentElement.scrollWidth')
      assert.ok(Number(wide) <= width, `the page is ${String(wide)} px wide in a window of ${width} px`)
    }
  })

  it('shows what it has, marked as old, when the server is gone', async () => {
    await page.setViewportSize({ width: 1440, height: 900 })
    await windsock.stop()
    await page.waitForSelector('[data-connection="reconnecting"]', { ...patience, state: 'attached' })
    await page.waitForSelector('[data-panel][data-stale="true"]', { ...patience, state: 'attached' })
    assert.ok(Number(await attribute(chart('bollinger'), 'data-points')) > 0)
    await page.screenshot({ path: join(pictures, 'disconnected-dark.png') })
  })

  it('has complained about nothing', () => {
    assert.deepEqual(complaints, [])
  })
})

function chart(name: string): string {
  return `[data-chart="${name}"]`
}

/** What axe-core finds serious or critical. Run through the debugger, since the page lets no foreign script in. */
async function audit(page: Page): Promise<string[]> {
  await page.evaluate(axe.source)
  const found: unknown = await page.evaluate('axe.run(document, { resultTypes: ["violations"] })')
  if (typeof found !== 'object' || found === null || !('violations' in found))
    throw new Error('axe-core gave no report')
  const { violations } = found
  if (!Array.isArray(violations)) throw new Error('axe-core gave no list')
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, help }) => `${id}: ${help}`)
}
