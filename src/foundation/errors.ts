/**
 * The one error class of Windsock. Bad *data* is no exception (it goes to the quarantine); an error says that
 * a thing could not be done, and to whom it happened.
 */

/** Every code there is, and whether the same call may succeed later without anybody changing anything. */
const retriableByCode = {
  usage: false,
  config: false,
  'file-missing': false,
  'file-unreadable': false,
  'file-format': false,
  'port-in-use': false,
  'java-missing': false,
  'maven-missing': false,
  'kafka-jars': false,
  'broker-unreachable': true,
  'broker-crashed': true,
  'broker-refused': false,
  'broker-running': false,
  'not-authorized': false,
  'topic-missing': false,
  'topic-mismatch': false,
  'record-too-large': false,
  'position-lost': false,
  'records-damaged': false,
  'state-damaged': false,
  'state-locked': true,
  fenced: false,
  'transaction-lost': false,
  'browser-missing': false,
} as const

export type ErrorCode = keyof typeof retriableByCode

export interface ErrorOptions {
  /** The next step, as a sentence for the person who reads it. */
  readonly hint?: string
  readonly cause?: unknown
}

export class WindsockError extends Error {
  readonly code: ErrorCode
  readonly retriable: boolean
  readonly hint: string | undefined

  /** @param message what failed and on which thing, in one sentence without a full stop */
  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause })
    this.name = 'WindsockError'
    this.code = code
    this.retriable = retriableByCode[code]
    this.hint = options.hint
  }
}

/** The code of a Node system error (`ENOENT`, `EADDRINUSE`, …), or undefined for any other value. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

/** One line for a person: the message, then the hint. Never a stack. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const hint = error instanceof WindsockError ? error.hint : undefined
  return hint === undefined ? error.message : `${error.message}. ${hint}`
}
