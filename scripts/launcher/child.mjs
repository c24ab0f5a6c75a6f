import { spawn } from 'node:child_process'
import { constants } from 'node:os'

const windows = process.platform === 'win32'

/** Two of the same signal within this time are one: under `npm start` a Ctrl-C comes from the terminal and from npm. */
const sameSignalMs = 300

const stopSignals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT']

const parentLookMs = 250

/**
 * Runs a program to its end and passes on, exactly once each, the signals that this process gets meanwhile.
 *
 * The child has a session of its own, so that neither the terminal's Ctrl-C nor a `kill` of the process group reaches
 * it beside the launcher: to a child, a second signal means "stop at once". It still reads and writes the terminal.
 * On Windows there are no groups; Ctrl-C reaches the child by its console and the launcher only waits.
 *
 * @param {string} program
 * @param {string[]} args
 * @param {import('node:child_process').SpawnOptions} options
 * @param {(child: import('node:child_process').ChildProcess) => void} [started]
 * @returns {Promise<{ code: number, signal: string | null, asked: string | null }>}
 *   how it ended; `asked` is the first signal that was passed on, which it may have answered with a code of its own
 */
export function runChild(program, args, options, started) {
  return new Promise((resolve, reject) => {
    // Listening before there is a child: a signal that comes while it starts waits for the event loop and then reaches it.
    // The other way round it would end the launcher and leave the child behind.
    let child
    let asked = null
    const stopForwarding = windows
      ? listen([['SIGINT', () => {}]])
      : forwardSignals((signal) => {
          asked ??= stopSignals.includes(signal) ? signal : null
          child?.kill(signal)
        })
    child = spawn(program, args, { ...options, detached: !windows })
    started?.(child)
    child.on('error', (error) => {
      stopForwarding()
      reject(new Error(`cannot start ${program}: ${error.message}`))
    })
    // 'close' and not 'exit': captured output is complete only then.
    child.on('close', (code, signal) => {
      stopForwarding()
      resolve({ code: code ?? 128 + (constants.signals[signal] ?? 0), signal, asked })
    })
  })
}

function forwardSignals(send) {
  const sentAtMs = new Map()
  const sendOnce = (signal) => {
    const now = performance.now()
    if (now - (sentAtMs.get(signal) ?? -Infinity) < sameSignalMs) return
    sentAtMs.set(signal, now)
    send(signal)
  }
  const suspend = () => {
    send('SIGSTOP')
    process.kill(process.pid, 'SIGSTOP')
  }
  const stopListening = listen([
    ...stopSignals.map((signal) => [signal, sendOnce]),
    ['SIGTSTP', suspend],
    ['SIGCONT', send],
    ['SIGWINCH', send],
    ['SIGUSR2', send],
  ])
  const stopWatching = whenNpmIsGone(() => {
    if (sentAtMs.size === 0) sendOnce('SIGTERM')
  })
  return () => {
    stopListening()
    stopWatching()
  }
}

/**
 * A SIGTERM for npm ends npm and its shell, but the shell passes nothing on: all the launcher sees is another parent.
 * Told one look later, so that a Ctrl-C, which ends the shell too, has arrived as what it is.
 */
function whenNpmIsGone(tell) {
  if (process.env.npm_lifecycle_event === undefined) return () => {}
  const parent = process.ppid
  let looksWithoutParent = 0
  const watch = setInterval(() => {
    if (process.ppid !== parent) looksWithoutParent += 1
    if (looksWithoutParent === 2) tell()
  }, parentLookMs)
  return () => clearInterval(watch)
}

function listen(handlers) {
  for (const [signal, handler] of handlers) process.on(signal, handler)
  return () => {
    for (const [signal, handler] of handlers) process.off(signal, handler)
  }
}
