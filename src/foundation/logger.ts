/** A line a person can read: time, who says it, what. Warnings and errors are marked by a word, not a colour. */
export interface Logger {
  info(message: string): void
  warn(message: string): void
  error(message: string): void
}

export function createLogger(name: string, write: (line: string) => void, now: () => number = Date.now): Logger {
  const line = (word: string, message: string): void => {
    const time = new Date(now()).toISOString().slice(11, 23)
    write(`${time} ${name} ${word}${message}\n`)
  }
  return {
    info: (message) => line('', message),
    warn: (message) => line('warning: ', message),
    error: (message) => line('error: ', message),
  }
}

export const silentLogger: Logger = { info() {}, warn() {}, error() {} }
