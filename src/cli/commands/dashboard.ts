import { join } from 'node:path'
import { bundlePage } from '../../dashboard/server/bundle-page.ts'
import { type Dashboard, serveDashboard } from '../../dashboard/server/serve-dashboard.ts'
import { systemClock } from '../../foundation/clock.ts'
import { followResults } from '../../pipelines/follow-results.ts'
import type { Command } from '../command.ts'
import { connect, homeOf } from '../connect.ts'
import { portOption } from '../option.ts'
import { version } from '../version.ts'

export const dashboard: Command = {
  name: 'dashboard',
  summary: 'Serve the dashboard by itself, for a broker and analyses that run already.',
  usage: ['windsock dashboard [--port N]'],
  options: [portOption],
  examples: ['windsock dashboard --port 8642', 'windsock dashboard --brokers kafka.example:9092'],
  async run({ config, print, signal }) {
    const broker = await connect(config)
    try {
      const pageFolder = join(homeOf(config), 'page')
      await bundlePage(pageFolder)
      const feed = followResults({ broker, clock: systemClock, version, canPlayAgain: false })
      let server: Dashboard | undefined
      try {
        server = await serveDashboard({ feed, pageFolder, port: config.number('port') ?? 0 })
        print(`${server.url}\n`)
        const asked = new Promise<void>((resolve) => {
          if (signal.aborted) resolve()
          signal.addEventListener('abort', () => resolve())
        })
        await Promise.race([asked, feed.run.done])
      } finally {
        await server?.close()
        await feed.run.stop()
      }
    } finally {
      await broker.close()
    }
  },
}
