import assert from 'node:assert/strict'
import { test } from 'node:test'
import { serverProperties } from '../../../../src/broker/kafka/server/node-config.ts'

const threeNodes = [1, 2, 3].map((nodeId) => ({ nodeId, port: 20_000 + nodeId, controllerPort: 21_000 + nodeId }))
const oneNode = threeNodes.slice(0, 1)

function settingsOf(nodes: typeof threeNodes, index = 0): Map<string, string> {
  const node = nodes[index]
  assert.ok(node !== undefined)
  const lines = serverProperties(node, nodes, '/data').trim().split('\n')
  return new Map(
    lines.map((line): [string, string] => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  )
}

test('every listener is on the loopback interface', () => {
  for (const name of ['listeners', 'advertised.listeners', 'controller.quorum.voters']) {
    const addresses = settingsOf(threeNodes).get(name)?.split(',') ?? []
    assert.ok(addresses.length > 0)
    for (const address of addresses) assert.match(address, /(?:\/\/|@)127\.0\.0\.1:\d+$/)
  }
})

test('a single node asks no other to hold what it stores', () => {
  const settings = settingsOf(oneNode)
  for (const [name, value] of settings)
    if (/replication\.factor$|min\.isr$|min\.insync/.test(name)) assert.equal(value, '1', name)
  assert.equal(settings.get('controller.quorum.voters'), '1@127.0.0.1:21001')
})

test('three nodes keep everything three times and acknowledge it twice', () => {
  const settings = settingsOf(threeNodes, 2)
  const replication = [...settings].filter(([name]) => /replication\.factor$|min\.isr$|min\.insync/.test(name))
  assert.equal(replication.length, 7)
  for (const [name, value] of replication) assert.equal(value, name.endsWith('factor') ? '3' : '2', name)
  assert.equal(settings.get('node.id'), '3')
  assert.equal(settings.get('controller.quorum.voters'), '1@127.0.0.1:21001,2@127.0.0.1:21002,3@127.0.0.1:21003')
})

test('topics are never made by mistake', () => {
  assert.equal(settingsOf(oneNode).get('auto.create.topics.enable'), 'false')
})

test('a path beyond ASCII is written as Java reads it', () => {
  const [node] = oneNode
  assert.ok(node !== undefined)
  assert.match(serverProperties(node, oneNode, '/Köln\\a'), /^log\.dirs=\/K\\u00f6ln\\\\a$/m)
})
