// Digest for SIP (RFC 3261 clause 22 with RFC 7616 and 8760): answers of a client, and nonces of a registrar with their counts.
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { forgetOldest } from '../forget-oldest.ts'
import type { Clock } from '../../protocols/kit/clock.ts'
import type { Random } from '../../protocols/kit/random.ts'

/** A map: a peer chooses the name, and an object has names of its own. */
const hashes = new Map([
  ['md5', 'md5'],
  ['sha-256', 'sha256'],
])
const valueCharsMax = 4096

/** The parameters of one `Digest ...` value; undefined for another scheme. Never throws. */
export function parseDigest(value: string): Map<string, string> | undefined {
  const scheme = /^\s*Digest\s+/i.exec(value)
  if (!scheme || value.length > valueCharsMax) return undefined
  const found = new Map<string, string>()
  const parts = /([a-z][a-z0-9_-]{0,40})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*))/gi
  for (const [, name = '', quoted, plain = ''] of value.slice(scheme[0].length).matchAll(parts))
    if (!found.has(name.toLowerCase()))
      found.set(name.toLowerCase(), quoted === undefined ? plain : quoted.replace(/\\(.)/g, '$1'))
  return found
}

export interface DigestFacts {
  algorithm: string
  user: string
  password: string
  realm: string
  nonce: string
  method: string
  uri: string
  /** With `qop=auth`. */
  auth?: { count: string; cnonce: string }
}

/** Undefined when the algorithm is not known. */
export function digestResponse(facts: DigestFacts): string | undefined {
  const { algorithm, user, password, realm, nonce, method, uri, auth } = facts
  const hash = hashes.get(algorithm.toLowerCase())
  if (hash === undefined) return undefined
  const of = (text: string): string => createHash(hash).update(text, 'utf8').digest('hex')
  const [secret, asked] = [of(`${user}:${realm}:${password}`), of(`${method}:${uri}`)]
  return auth
    ? of(`${secret}:${nonce}:${auth.count}:${auth.cnonce}:auth:${asked}`)
    : of(`${secret}:${nonce}:${asked}`)
}

const quoted = (text: string): string => `"${text.replace(/[\\"]/g, '\\$&')}"`

export interface Credentials {
  user: string
  password: string
}

/** What a client knows of one server: its challenge, and how often its nonce was used. */
export class DigestClient {
  readonly #random: Pick<Random, 'hex'>
  #challenge: Map<string, string> | undefined
  #count = 0

  constructor(random: Pick<Random, 'hex'>) {
    this.#random = random
  }

  /** The values of `WWW-Authenticate`; the strongest one that is known counts. False when none can be answered. */
  learn(values: readonly string[]): boolean {
    const known = values
      .flatMap((value) => parseDigest(value) ?? [])
      .filter((one) => hashes.has((one.get('algorithm') ?? 'MD5').toLowerCase()))
      .filter((one) => one.has('nonce') && one.has('realm'))
    const isStrong = (one: Map<string, string>): boolean => one.get('algorithm')?.toLowerCase() === 'sha-256'
    this.#challenge = known.find(isStrong) ?? known[0]
    this.#count = 0
    return this.#challenge !== undefined
  }

  /** The value of `Authorization`; undefined while there is no challenge. */
  authorization(method: string, uri: string, { user, password }: Credentials): string | undefined {
    const challenge = this.#challenge
    if (!challenge) return undefined
    const [realm = '', nonce = ''] = [challenge.get('realm'), challenge.get('nonce')]
    const algorithm = challenge.get('algorithm') ?? 'MD5'
    const isAuth = (challenge.get('qop') ?? '')
      .toLowerCase()
      .split(/[\s,]+/)
      .includes('auth')
    const count = (++this.#count).toString(16).padStart(8, '0')
    const cnonce = this.#random.hex(8)
    const response = digestResponse({
      algorithm,
      user,
      password,
      realm,
      nonce,
      method,
      uri,
      ...(isAuth ? { auth: { count, cnonce } } : {}),
    })
    if (response === undefined) return undefined
    const opaque = challenge.get('opaque')
    return [
      `Digest username=${quoted(user)}`,
      `realm=${quoted(realm)}`,
      `nonce=${quoted(nonce)}`,
      `uri=${quoted(uri)}`,
      `response="${response}"`,
      `algorithm=${algorithm}`,
      ...(opaque === undefined ? [] : [`opaque=${quoted(opaque)}`]),
      ...(isAuth ? ['qop=auth', `nc=${count}`, `cnonce="${cnonce}"`] : []),
    ].join(', ')
  }
}

/** Nonces with a good proof whose count is remembered; when the oldest makes room, it and those made before it are stale. */
const noncesMax = 2000
const nonceMs = 300_000

export type Verdict = 'good' | 'stale' | 'wrong' | 'none'

/**
 * The nonces of a registrar. Each is valid for five minutes, and each count of it once. A nonce proves itself, so that nothing is
 * remembered of one that has no answer: a sender that asks for many takes none from others.
 */
export class DigestServer {
  readonly #options: { realm: string; clock: Clock; random: Pick<Random, 'hex'> }
  readonly #secret: string
  readonly #counts = new Map<string, number>()
  #oldestMs = -Infinity

  constructor(options: { realm: string; clock: Clock; random: Pick<Random, 'hex'> }) {
    this.#options = options
    this.#secret = options.random.hex(32)
  }

  /** `from`: the sender's address. Values of `WWW-Authenticate`, the most wanted first: a client that knows MD5 only may read the first one only. */
  challenges(isStale: boolean, from: string, algorithms: readonly string[] = ['SHA-256', 'MD5']): string[] {
    const { realm, clock, random } = this.#options
    const nonce = this.#signed(`${Math.floor(clock.monotonicMs()).toString(16)}-${random.hex(8)}`, from)
    return algorithms.map(
      (algorithm) =>
        `Digest realm=${quoted(realm)}, nonce="${nonce}", algorithm=${algorithm}, qop="auth"${isStale ? ', stale=true' : ''}`,
    )
  }

  /**
   * `value`: `Authorization` of a request of this method to this address. `stale` says nothing about the password: only a proof with
   * a nonce that was made for its sender is compared, so that no sender guesses under another's address.
   */
  verdict(value: string | undefined, method: string, { user, password }: Credentials, from: string): Verdict {
    const given = value === undefined ? undefined : parseDigest(value)
    if (!given) return 'none'
    const text = (name: string): string => given.get(name) ?? ''
    const nonce = text('nonce')
    if (!this.#isValid(nonce, from)) return 'stale'
    const isAuth = text('qop') === 'auth'
    const wanted = digestResponse({
      algorithm: given.get('algorithm') ?? 'MD5',
      user,
      password,
      method,
      realm: this.#options.realm,
      nonce,
      uri: text('uri'),
      ...(isAuth ? { auth: { count: text('nc'), cnonce: text('cnonce') } } : {}),
    })
    const answer = Buffer.from(text('response').toLowerCase())
    if (wanted === undefined || text('username') !== user) return 'wrong'
    if (answer.length !== wanted.length || !timingSafeEqual(answer, Buffer.from(wanted))) return 'wrong'
    // Without qop there is no count (RFC 2069): then the nonce is good for one request.
    const count = isAuth && /^[0-9a-f]{8}$/i.test(text('nc')) ? Number.parseInt(text('nc'), 16) : 1
    if (count <= (this.#counts.get(nonce) ?? 0)) return 'stale'
    this.#counts.set(nonce, count)
    forgetOldest(this.#counts, noncesMax, (oldest) => {
      this.#oldestMs = Math.max(this.#oldestMs, madeMsOf(oldest) ?? -Infinity)
    })
    return 'good'
  }

  #signed(made: string, from: string): string {
    const mark = createHmac('sha256', this.#secret).update(`${made} ${from}`).digest('hex').slice(0, 32)
    return `${made}-${mark}`
  }

  /** Ours, for this sender, and not too old. */
  #isValid(nonce: string, from: string): boolean {
    const madeMs = madeMsOf(nonce)
    if (madeMs === undefined || this.#signed(nonce.replace(/-[^-]*$/, ''), from) !== nonce) return false
    return this.#options.clock.monotonicMs() - madeMs <= nonceMs && madeMs > this.#oldestMs
  }
}

function madeMsOf(nonce: string): number | undefined {
  const made = /^([0-9a-f]{1,13})-/.exec(nonce)?.[1]
  return made === undefined ? undefined : Number.parseInt(made, 16)
}
