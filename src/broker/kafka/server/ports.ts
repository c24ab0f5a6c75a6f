import { once } from 'node:events'
import { createServer } from 'node:net'
import { WindsockError } from '../../../foundation/errors.ts'

/** Where a local broker listens: never beyond this machine. */
export const loopback = '127.0.0.1'

// Below the ports that systems give to outgoing connections (32768 and up). From those, a client that keeps trying
// to reach a dead broker can be given the broker's own port, connect to itself and hold the port.
const portMin = 20_000
const portMax = 32_000

/** Chooses `count` different ports that nobody listens on now. */
export async function choosePorts(count: number, random: () => number = Math.random): Promise<number[]> {
  const chosen = new Set<number>()
  for (let tries = 0; tries < 1_000; tries++) {
    if (chosen.size === count) return [...chosen]
    const port = portMin + Math.floor(random() * (portMax - portMin))
    if (!chosen.has(port) && (await isPortFree(port))) chosen.add(port)
  }
  throw new WindsockError('port-in-use', `no ${count} free ports between ${portMin} and ${portMax} on ${loopback}`)
}

export async function isPortFree(port: number): Promise<boolean> {
  const server = createServer().listen({ host: loopback, port, exclusive: true })
  try {
    await once(server, 'listening')
  } catch {
    return false
  }
  server.close()
  await once(server, 'close')
  return true
}
