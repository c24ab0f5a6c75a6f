/** Two signals within this time are one: a terminal, npm and a process group may each pass the same one on. */
const sameSignalMs = 300

/** How long a part whose `up` is gone may drain: nobody is left who would end one that waits for a broker. */
const orphanMs = 3_000

const launcherLookMs = 1_000

/**
 * Aborts at the first SIGINT or SIGTERM, or when whoever started this process is gone; a second signal ends the process at once.
 */
export function untilAskedToStop(): AbortSignal {
  const abort = new AbortController()
  let askedAt = 0
  const ask = (): void => {
    const now = Date.now()
    if (askedAt === 0) {
      askedAt = now
      abort.abort()
    } else if (now - askedAt > sameSignalMs) process.exit(130)
  }
  process.on('SIGINT', ask)
  process.on('SIGTERM', ask)
  process.on('SIGHUP', ask)
  // A part of `windsock up` has a channel to it, which closes however `up` ends.
  if (process.connected) {
    process.on('disconnect', () => {
      ask()
      setTimeout(() => process.exit(1), orphanMs).unref()
    })
    process.channel?.unref()
  }
  watchLauncher(ask)
  return abort.signal
}

function watchLauncher(onGone: () => void): void {
  const launcher = Number(process.env['WINDSOCK_LAUNCHER_PID'])
  if (!(launcher > 0) || process.ppid !== launcher) return
  const timer = setInterval(() => {
    if (process.ppid === launcher) return
    clearInterval(timer)
    onGone()
  }, launcherLookMs)
  timer.unref()
}
