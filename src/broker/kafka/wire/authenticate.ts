import { createHash, createHmac, pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { WindsockError } from '../../../foundation/errors.ts'
import { ByteWriter } from './byte-writer.ts'
import type { Api, WireConnection } from './connection.ts'

/** Who connects. PLAIN sends the password as it is, and belongs behind TLS. */
export interface Credentials {
  readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512'
  readonly username: string
  readonly password: string
}

const handshake: Api = { name: 'SaslHandshake', key: 17, version: 1, isFlexible: false }
const authentication: Api = { name: 'SaslAuthenticate', key: 36, version: 2, isFlexible: true }

/** Iterations that are fewer make a password easy to guess (RFC 7677). */
const iterationsMin = 4_096
/** More would keep us busy for as long as a broker likes. */
const iterationsMax = 1_000_000

/**
 * Says who we are, by PLAIN (RFC 4616) or SCRAM (RFC 5802, 7677).
 *
 * @returns how long that holds, in milliseconds; 0 is for ever
 * @throws WindsockError `not-authorized`
 */
export async function authenticate(connection: WireConnection, credentials: Credentials): Promise<number> {
  const { mechanism, username, password } = credentials
  await agreeOn(connection, mechanism)
  if (mechanism === 'PLAIN') {
    return (await exchange(connection, `\0${username}\0${password}`)).lifetimeMs
  }
  const nonce = randomBytes(18).toString('base64')
  const first = `n=${username.replaceAll('=', '=3D').replaceAll(',', '=2C')},r=${nonce}`
  const challenge = await exchange(connection, `n,,${first}`)
  const proof = await prove(credentials, first, challenge.text, nonce, connection.address)
  const verdict = await exchange(connection, proof.message)
  // A broker that does not know the password either cannot say this.
  if (!isSame(attributesOf(verdict.text).get('v') ?? '', proof.serverSignature)) {
    throw denied(connection.address, 'the broker does not know the password itself')
  }
  return verdict.lifetimeMs
}

/*
  SaslHandshake Request (Version: 1) => mechanism STRING
  SaslHandshake Response (Version: 1) => error_code INT16, [mechanisms] STRING
*/
async function agreeOn(connection: WireConnection, mechanism: string): Promise<void> {
  const { reader, release } = await connection.request(handshake, new ByteWriter().string(mechanism).finish())
  const error = reader.int16()
  const known = reader.array(() => reader.string() ?? '')
  release()
  if (error !== 0) throw denied(connection.address, `it knows ${known.join(', ')}, not ${mechanism}`)
}

/*
  SaslAuthenticate Request (Version: 2) => auth_bytes COMPACT_BYTES, TAG_BUFFER
  SaslAuthenticate Response (Version: 2) => error_code INT16, error_message COMPACT_NULLABLE_STRING, auth_bytes COMPACT_BYTES,
                                            session_lifetime_ms INT64, TAG_BUFFER
*/
async function exchange(connection: WireConnection, text: string): Promise<{ text: string; lifetimeMs: number }> {
  const body = new ByteWriter().compactString(text).noTags().finish()
  const { reader, release } = await connection.request(authentication, body)
  const error = reader.int16()
  const message = reader.compactString()
  const answer = reader.compactString() ?? ''
  const lifetimeMs = reader.int64()
  release()
  if (error !== 0) throw denied(connection.address, message ?? `error ${error}`)
  return { text: answer, lifetimeMs }
}

/** What shows that we know the password, without saying it; the names are those of RFC 5802. */
async function prove(
  { mechanism, password }: Credentials,
  first: string,
  challenge: string,
  nonce: string,
  address: string,
): Promise<{ message: string; serverSignature: string }> {
  const hash = mechanism === 'SCRAM-SHA-512' ? 'sha512' : 'sha256'
  const attributes = attributesOf(challenge)
  const iterations = Number(attributes.get('i'))
  const serverNonce = attributes.get('r') ?? ''
  if (!serverNonce.startsWith(nonce) || !(iterations >= iterationsMin && iterations <= iterationsMax)) {
    throw denied(address, 'its challenge is not what SCRAM asks for')
  }
  const hmac = (key: Buffer, text: string): Buffer => createHmac(hash, key).update(text).digest()
  const salt = Buffer.from(attributes.get('s') ?? '', 'base64')
  const salted = await promisify(pbkdf2)(password, salt, iterations, hash === 'sha512' ? 64 : 32, hash)
  const clientKey = hmac(salted, 'Client Key')
  const storedKey = createHash(hash).update(clientKey).digest()
  const withoutProof = `c=biws,r=${serverNonce}`
  const authMessage = `${first},${challenge},${withoutProof}`
  const clientSignature = hmac(storedKey, authMessage)
  const clientProof = clientKey.map((byte, i) => byte ^ (clientSignature[i] ?? 0))
  return {
    message: `${withoutProof},p=${Buffer.from(clientProof).toString('base64')}`,
    serverSignature: hmac(hmac(salted, 'Server Key'), authMessage).toString('base64'),
  }
}

function attributesOf(text: string): Map<string, string> {
  return new Map(text.split(',').map((part): [string, string] => [part.slice(0, 1), part.slice(2)]))
}

function isSame(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b))
}

function denied(address: string, reason: string): WindsockError {
  return new WindsockError('not-authorized', `the broker at ${address} does not let us in: ${reason}`, {
    hint: 'Look at the user, the password and the mechanism',
  })
}
