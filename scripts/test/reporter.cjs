// What node:test reports, as JSON lines: one when a test starts, one when it is finished, one when all are.
// CommonJS because node:test wants a module that is the
// reporter itself, and our modules have no default exports.
const { inspect } = require('node:util')

module.exports = async function* report(events) {
  for await (const { type, data } of events) {
    if (type === 'test:dequeue') yield `${JSON.stringify({ type: 'started', name: data.name })}\n`
    if (type !== 'test:pass' && type !== 'test:fail') continue
    yield `${JSON.stringify({
      type: 'finished',
      passed: type === 'test:pass',
      kind: data.details.type ?? 'test',
      name: data.name,
      line: data.line ?? 0,
      skip: data.skip ?? false,
      todo: data.todo ?? false,
      failure: type === 'test:fail' ? failureOf(data.details.error) : null,
    })}\n`
  }
  yield `${JSON.stringify({ type: 'end' })}\n`
}

/** The error the test threw, not node:test's wrapping of it; null when only its subtests failed, which tell it themselves. */
function failureOf(error) {
  if (error.failureType === 'subtestsFailed') return null
  return inspect(error.cause ?? error, { depth: 6 })
}
