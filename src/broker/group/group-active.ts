import { WindsockError } from '../../foundation/errors.ts'

export function groupActive(group: string): WindsockError {
  return new WindsockError('group-active', `group ${group} has members at work`, {
    hint: 'Stop its processes first; one that crashed is forgotten a little later',
  })
}
