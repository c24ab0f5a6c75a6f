import { systemClock } from '../foundation/clock.ts'
import { Pacer } from '../sources/pacer.ts'

/** SIGUSR2 pauses the work and lets it go on: `kill -USR2 PID`. */
export function pauseOnSignal(say: (text: string) => void): Pacer {
  const pacer = new Pacer(systemClock)
  if (process.platform === 'win32') return pacer
  process.on('SIGUSR2', () => {
    if (pacer.isPaused) pacer.resume()
    else pacer.pause()
    say(pacer.isPaused ? 'paused' : 'resumed')
  })
  return pacer
}
