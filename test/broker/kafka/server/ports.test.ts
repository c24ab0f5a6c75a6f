import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { choosePorts, isPortFree, loopback } from '../../../../src/broker/kafka/server/ports.ts'

test('chosen ports differ and lie below those of outgoing connections', async () => {
  const ports = await choosePorts(6)
  assert.equal(new Set(ports).size, 6)
  for (const port of ports) assert.ok(port >= 20_000 && port < 32_000)
})

test('a port that somebody listens on is not chosen', async () => {
  const [port = 0] = await choosePorts(1)
  const server = createServer().listen(port, loopback)
  await once(server, 'listening')
  try {
    assert.equal(await isPortFree(port), false)
    const draws = [(port - 20_000 + 0.5) / 12_000, 0.25]
    const [chosen] = await choosePorts(1, () => draws.shift() ?? Math.random())
    assert.notEqual(chosen, port)
  } finally {
    server.close()
  }
})
