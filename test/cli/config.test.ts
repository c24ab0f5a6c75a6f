import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { type Config, readConfig } from '../../src/cli/config.ts'
import { fileOption, paceOptions, portOption, settingsOption, sharedOptions } from '../../src/cli/option.ts'

const folder = mkdtempSync(join(tmpdir(), 'windsock-config-'))
after(() => rmSync(folder, { recursive: true }))

const options = [portOption, fileOption, settingsOption, ...paceOptions, ...sharedOptions]

function read(args: readonly string[], env: Readonly<Record<string, string>> = {}): Config {
  return readConfig(args, options, env)
}

function written(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

describe('the configuration', () => {
  it('lets a flag outdo the environment, which outdoes the file, which outdoes the default, and remembers which', () => {
    const file = written('three.json', '{"port": 3, "home": "of the file", "trace": true}')
    const env = { WINDSOCK_PORT: '2', WINDSOCK_BROKER: 'memory', WINDSOCK_HOME: '' }
    const { settings } = read(['--config', file, '--port', '1'], env)
    assert.deepEqual(settings.get('port'), { value: 1, from: '--port' })
    assert.deepEqual(settings.get('broker'), { value: 'memory', from: 'WINDSOCK_BROKER' })
    assert.deepEqual(settings.get('home'), { value: 'of the file', from: file })
    assert.deepEqual(settings.get('trace'), { value: true, from: file })
    assert.deepEqual(settings.get('brokers'), { value: undefined, from: 'default' })
    assert.deepEqual(read([]).settings.get('home'), { value: '.windsock', from: 'default' })
  })

  it('gives every kind of option as what it is, and nothing as another', () => {
    const config = read(['flights', '--file', 'a', '--file', 'b', '--rate', '0.5', '--max', '--set', 'a=b=c'])
    assert.deepEqual(config.positionals, ['flights'])
    assert.deepEqual(config.list('file'), ['a', 'b'])
    assert.deepEqual(config.list('set'), ['a=b=c'])
    assert.deepEqual([config.number('rate'), config.flag('max'), config.text('home')], [0.5, true, '.windsock'])
    assert.deepEqual([config.number('home'), config.text('rate'), config.flag('home')], [undefined, undefined, false])
    assert.deepEqual([config.list('home'), config.list('nothing'), config.flag('trace')], [[], [], false])
  })

  it('takes from the environment only what is shared', () => {
    assert.equal(read([], { WINDSOCK_RATE: '5' }).number('rate'), undefined)
  })

  for (const [what, args, message] of [
    ['an option that does not exist', ['--nope'], /Unknown option '--nope'/],
    ['a value that is missing', ['--rate'], /--rate/],
    ['a value that looks like an option', ['--rate', '-5'], /^[^\n]*--rate[^\n]*$/],
    ['letters in a number', ['--rate', 'fast'], /^--rate must be a number from 0\.001 to 10000000, got "fast"$/],
    ['a number that is not whole', ['--port', '1.5'], /^--port must be a whole number from 0 to 65535, got "1\.5"$/],
    ['a number out of its range', ['--port', '65536'], /from 0 to 65535, got "65536"/],
    ['nothing for a number', ['--port', ''], /got ""/],
    ['a word that is not one of those', ['--broker', 'rabbit'], /^--broker must be kafka or memory, got "rabbit"$/],
  ] as const) {
    it(`refuses ${what}, in one line`, () => {
      assert.throws(() => read(args), { code: 'usage', message })
    })
  }

  it('says which variable or setting of the file has the wrong value', () => {
    assert.throws(() => read([], { WINDSOCK_PORT: 'x' }), { code: 'usage', message: /^WINDSOCK_PORT must be/ })
    const file = written('wrong.json', '{"broker": "rabbit"}')
    assert.throws(() => read(['--config', file]), {
      code: 'usage',
      message: `broker in ${file} must be kafka or memory, got "rabbit"`,
    })
  })

  for (const [what, text, message] of [
    ['is not JSON', '{port: 1}', / is not JSON$/],
    ['holds no object', '[1]', / must be a JSON object$/],
    ['has a setting that nobody knows', '{"prot": 1}', / has no setting named prot$/],
    ['has a setting that only a flag can be', '{"rate": 1}', / has no setting named rate$/],
  ] as const) {
    it(`refuses a file that ${what}, and names it`, () => {
      const file = written('bad.json', text)
      assert.throws(
        () => read(['--config', file]),
        (error: Error) =>
          message.test(error.message) && error.message.includes(file) && 'code' in error && error.code === 'config',
      )
    })
  }

  it('needs the file that was named, and not the usual one', () => {
    const missing = join(folder, 'missing.json')
    assert.throws(() => read(['--config', missing]), {
      code: 'config',
      message: `config file ${missing} cannot be read (ENOENT)`,
    })
    assert.throws(() => read(['--config', folder]), { code: 'config', message: /cannot be read \(EISDIR\)/ })
    assert.doesNotThrow(() => read([]))
  })
})
