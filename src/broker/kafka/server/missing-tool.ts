import { WindsockError } from '../../../foundation/errors.ts'

const hint =
  'On Debian: apt-get install openjdk-17-jre-headless maven. Or do without: --brokers host:port uses a cluster that exists, --broker memory the log inside this process'

export function javaMissing(message: string): WindsockError {
  return new WindsockError('java-missing', message, { hint })
}

export function mavenMissing(message: string): WindsockError {
  return new WindsockError('maven-missing', message, { hint })
}
