// Signing in to a camera's web server: Basic and Digest after RFC 7616 with the deviations of real cameras, and the
// method that worked last.
import { lookup } from '../../../../protocols/kit/parse-json.ts'
import { createHash } from 'node:crypto'
import type { Random } from '../../../../protocols/kit/random.ts'
import { CameraProblem } from '../camera-problem.ts'

export interface Challenge {
  scheme: 'basic' | 'digest'
  parameters: Record<string, string>
}

/** Longest WWW-Authenticate value that is read: a real one has some hundred characters. */
const challengeCharsMax = 4096

/** Parses WWW-Authenticate values, several per header or several headers; unknown schemes are skipped. Never throws. */
export function parseChallenges(values: readonly string[]): Challenge[] {
  const found: Challenge[] = []
  for (const value of values) {
    let current: Challenge | undefined
    // Either name=value (quoted or bare) or a single word, which starts the next scheme.
    const parts = /([A-Za-z0-9_-]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^\s,]*)|([A-Za-z][A-Za-z0-9-]*)/g
    for (const [, name, raw = '', word] of value.slice(0, challengeCharsMax).matchAll(parts)) {
      if (word !== undefined) {
        const scheme = word.toLowerCase()
        current = scheme === 'basic' || scheme === 'digest' ? { scheme, parameters: {} } : undefined
        if (current) found.push(current)
      } else if (current && name !== undefined) {
        const text = raw.startsWith('"') ? raw.slice(1, -1).replace(/\\(.)/g, '$1') : raw
        // Some firmware uses the other kind of quotes.
        current.parameters[name.toLowerCase()] = text.replace(/^'(.*)'$/, '$1')
      }
    }
  }
  return found
}

const algorithms: Record<string, string> = lookup({ md5: 'md5', 'sha-256': 'sha256', sha256: 'sha256' })

interface DigestMemory {
  parameters: Record<string, string>
  hash: string
  isSession: boolean
  qop: 'auth' | 'auth-int' | undefined
  count: number
}

/**
 * What one camera has accepted, over all of its services: a weaker challenge later does not come from the known camera.
 */
export interface SignInMemory {
  hasDigest(): boolean
  /** Called each time the camera has accepted a Digest. */
  tookDigest(): void
}

export function createSignInMemory(hasDigest = false, onDigest: () => void = () => undefined): SignInMemory {
  let isKnown = hasDigest
  return {
    hasDigest: () => isKnown,
    tookDigest: () => {
      if (isKnown) return
      isKnown = true
      onDigest()
    },
  }
}

export interface CameraAuthOptions {
  user: string | undefined
  password: string | undefined
  /** `auto` uses the safest method the camera offers; the others insist on one. */
  mode: 'auto' | 'basic' | 'digest'
  random: Random
  memory?: SignInMemory
}

/** One camera's credentials and the sign-in method that worked last, so that the next request needs one round trip. */
export class CameraAuth {
  readonly #options: CameraAuthOptions
  readonly #memory: SignInMemory
  #digest: DigestMemory | undefined
  #isBasic = false

  constructor(options: CameraAuthOptions) {
    this.#options = options
    this.#memory = options.memory ?? createSignInMemory()
  }

  get hasCredentials(): boolean {
    return this.#options.user !== undefined && this.#options.user !== ''
  }

  get user(): string {
    return this.#options.user ?? ''
  }

  get password(): string {
    return this.#options.password ?? ''
  }

  /** The method that worked last, for the health state and the installer. */
  get scheme(): 'none' | 'basic' | 'digest' {
    return this.#digest ? 'digest' : this.#isBasic ? 'basic' : 'none'
  }

  /** The Authorization header for a request; undefined while none is known to be needed. */
  authorization(method: string, path: string, body: string): string | undefined {
    if (this.#digest) return this.#digestHeader(this.#digest, method, path, body)
    if (!this.#isBasic) return undefined
    return `Basic ${Buffer.from(`${this.user}:${this.password}`, 'utf8').toString('base64')}`
  }

  /** The camera has accepted a Digest: from now on `auto` sends no Basic over an unencrypted connection. */
  accepted(): void {
    if (this.#digest) this.#memory.tookDigest()
  }

  /** `auth: basic` is configured: then it is also sent to a camera that refuses without a challenge. */
  insistOnBasic(): boolean {
    if (this.#options.mode !== 'basic' || this.#isBasic || !this.hasCredentials) return false
    this.#isBasic = true
    return true
  }

  /**
   * Takes the challenge of a 401; false when no part of it can be answered. Throws if an answer would disclose the
   * password.
   */
  learn(values: readonly string[], isTls = false): boolean {
    const { mode } = this.#options
    this.#digest = undefined
    this.#isBasic = false
    const challenges = parseChallenges(values)
    const digests = challenges
      .filter(({ scheme }) => scheme === 'digest' && mode !== 'basic')
      .map(({ parameters }) => digestMemory(parameters))
      .filter((memory) => memory !== undefined)
    this.#digest = digests.find(({ hash }) => hash === 'sha256') ?? digests[0]
    this.#isBasic =
      this.#digest === undefined && mode !== 'digest' && challenges.some(({ scheme }) => scheme === 'basic')
    if (this.#isBasic && mode === 'auto' && !isTls && this.#memory.hasDigest()) {
      this.#isBasic = false
      throw new CameraProblem('basic-refused')
    }
    return this.#digest !== undefined || this.#isBasic
  }

  /** Forgets the sign-in method, for example after a change of the camera. */
  forget(): void {
    this.#digest = undefined
    this.#isBasic = false
  }

  #digestHeader(memory: DigestMemory, method: string, path: string, body: string): string {
    const { realm = '', nonce = '', opaque, algorithm } = memory.parameters
    // Headers are bytes, read as latin1: the camera's values are returned and hashed byte for byte.
    const hash = (text: string): string => createHash(memory.hash).update(text, 'latin1').digest('hex')
    const [user, password] = [this.user, this.password].map(utf8Bytes)
    const cnonce = this.#options.random.hex(8)
    const count = (++memory.count).toString(16).padStart(8, '0')
    const plain = hash(`${user}:${realm}:${password}`)
    const ha1 = memory.isSession ? hash(`${plain}:${nonce}:${cnonce}`) : plain
    const ha2 = hash(
      memory.qop === 'auth-int' ? `${method}:${path}:${hash(utf8Bytes(body))}` : `${method}:${path}`,
    )
    const proof = memory.qop
      ? hash(`${ha1}:${nonce}:${count}:${cnonce}:${memory.qop}:${ha2}`)
      : hash(`${ha1}:${nonce}:${ha2}`)
    const quoted = (text: string): string => `"${text.replace(/[\\"]/g, '\\$&')}"`
    const parts = [
      `username=${quoted(user ?? '')}`,
      `realm=${quoted(realm)}`,
      `nonce=${quoted(nonce)}`,
      `uri=${quoted(path)}`,
      `response="${proof}"`,
    ]
    if (algorithm !== undefined) parts.push(`algorithm=${algorithm}`)
    if (opaque !== undefined) parts.push(`opaque=${quoted(opaque)}`)
    if (memory.qop) parts.push(`qop=${memory.qop}`, `nc=${count}`, `cnonce="${cnonce}"`)
    else if (memory.isSession) parts.push(`cnonce="${cnonce}"`)
    return `Digest ${parts.join(', ')}`
  }
}

/** A header carries bytes: a Chinese user name is sent as its UTF-8 bytes. */
const utf8Bytes = (text: string): string => Buffer.from(text, 'utf8').toString('latin1')

function digestMemory(parameters: Record<string, string>): DigestMemory | undefined {
  const named = (parameters['algorithm'] ?? 'MD5').toLowerCase()
  const isSession = named.endsWith('-sess')
  const hash = algorithms[isSession ? named.slice(0, -5) : named]
  if (hash === undefined || parameters['nonce'] === undefined) return undefined
  const offered = (parameters['qop'] ?? '').toLowerCase().split(/[\s,]+/)
  const qop = offered.includes('auth') ? 'auth' : offered.includes('auth-int') ? 'auth-int' : undefined
  return { parameters, hash, isSession, qop, count: 0 }
}

/** The nonce had expired, the password was not wrong: the request is signed again at once. */
export function isStale(values: readonly string[]): boolean {
  return parseChallenges(values).some(({ parameters }) => parameters['stale']?.toLowerCase() === 'true')
}
