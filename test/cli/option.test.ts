import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readConfig } from '../../src/cli/config.ts'
import { formatOption, nodesOption, type Option, paceOptions, portOption, sharedOptions } from '../../src/cli/option.ts'

function valueOf(option: Option, text: string): unknown {
  return readConfig([`--${option.name}`, text], [option], {}).settings.get(option.name)?.value
}

describe('the options', () => {
  it('have names of their own, help, and a placeholder exactly where they take a value', () => {
    const all = [...sharedOptions, ...paceOptions, portOption, nodesOption, formatOption]
    assert.equal(new Set(all.map(({ name }) => name)).size, all.length)
    for (const { name, help, type, placeholder } of all) {
      assert.match(name, /^[a-z-]+$/)
      assert.notEqual(help, '')
      assert.equal(placeholder === undefined, type === 'flag', name)
    }
  })

  it('take any port and no other number', () => {
    assert.deepEqual([valueOf(portOption, '0'), valueOf(portOption, '65535')], [0, 65_535])
    for (const text of ['-1', '65536', '80.5', 'http'])
      assert.throws(() => readConfig([`--port=${text}`], [portOption], {}))
  })

  it('take one node or three', () => {
    assert.deepEqual([valueOf(nodesOption, '1'), valueOf(nodesOption, '3')], [1, 3])
    for (const text of ['0', '2', '4', '']) assert.throws(() => valueOf(nodesOption, text), { code: 'usage' })
  })

  it('take no pace that stands still', () => {
    for (const option of paceOptions.filter(({ type }) => type === 'number')) {
      assert.equal(valueOf(option, '0.001'), 0.001)
      for (const text of ['0', 'NaN', 'Infinity']) assert.throws(() => valueOf(option, text), { code: 'usage' })
    }
  })
})
