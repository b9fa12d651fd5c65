// Sign-in through the town's own user directory (OpenID Connect, authorization code with PKCE). The directory confirms
// the identity of a person; the person's account at the centre decides the permissions. Without an account, the sign-in
// is refused.
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Configuration, CustomFetch } from 'openid-client'
import { forgetOldest } from '../../platform/forget-oldest.ts'
import { networkOf } from '../../platform/strangers/network-address.ts'
import type { Clock } from '../../protocols/kit/clock.ts'

export interface DirectorySettings {
  issuer: string
  clientId: string
  clientSecret: string
  /** The desk's address followed by `/api/v1/oidc/callback`, exactly as it is registered at the directory. */
  redirectUrl: string
  /** The claim of the ID token that holds the user name. */
  userClaim: string
}

export const pendingLifeMs = 10 * 60_000
/** States that came back and are accepted no more; beyond it the oldest is forgotten, whose proof the directory takes once too. */
const usedMax = 5000
/** Questions to the directory at once, of one network and of all: any browser can cause one with an invented proof. */
const questionsPerNetworkMax = 10
const questionsMax = 100
const answerSecondsMax = 10
/** Of one answer of the directory, unpacked. */
const answerBytesMax = 512 * 1024
/** The name that the directory confirms. */
const userPattern = /^[^\p{C}]{1,200}$/u

/** Loaded at the first sign-in, not at the start of the centre: many towns have no directory, and loading takes time. */
const loadClient = () => import('openid-client')

interface DiscoveredDirectory {
  oidc: Awaited<ReturnType<typeof loadClient>>
  config: Configuration
}

/** The directory can not be reached, or its answer does not confirm an identity. */
export class DirectoryFailure extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'DirectoryFailure'
  }
}

export class DirectorySignIn {
  readonly #settings: DirectorySettings
  readonly #clock: Clock
  /** What a sign-in needs when it comes back follows from its state and this: no flood of begun ones displaces another. */
  readonly #secret = randomBytes(32)
  readonly #used = new Set<string>()
  readonly #questions = new Map<string, number>()
  #found: Promise<DiscoveredDirectory> | undefined

  constructor(settings: DirectorySettings, clock: Clock) {
    this.#settings = settings
    this.#clock = clock
  }

  /** `url`: the page of the directory for the browser. `state`: the caller stores it in a cookie, for `finish`. */
  async begin(): Promise<{ url: string; state: string }> {
    const { oidc, config } = await this.#discover()
    const made = `${Math.floor(this.#clock.monotonicMs())}-${oidc.randomState()}`
    const state = `${made}.${this.#mark('state', made)}`
    const url = oidc.buildAuthorizationUrl(config, {
      redirect_uri: this.#settings.redirectUrl,
      scope: 'openid profile',
      code_challenge: await oidc.calculatePKCECodeChallenge(this.#mark('verifier', state)),
      code_challenge_method: 'S256',
      state,
      nonce: this.#mark('nonce', state),
    })
    return { url: url.href, state }
  }

  /**
   * Returns the user name that the directory confirms. `state`: from the browser's cookie; each is accepted once. `address`: of
   * the browser.
   */
  async finish(
    query: Readonly<Record<string, string>>,
    state: string | undefined,
    address: string,
  ): Promise<string> {
    if (state === undefined || query['state'] !== state || !this.#isOurs(state) || this.#used.has(state))
      throw new DirectoryFailure('this browser did not begin this sign-in, or began it too long ago')
    this.#used.add(state)
    forgetOldest(this.#used, usedMax)
    const network = networkOf(address)
    const own = this.#questions.get(network) ?? 0
    const all = [...this.#questions.values()].reduce((sum, one) => sum + one, 0)
    if (own >= questionsPerNetworkMax || all >= questionsMax)
      throw new DirectoryFailure('too many sign-ins wait for the directory')
    this.#questions.set(network, own + 1)
    try {
      return await this.#ask(query, state)
    } finally {
      const left = (this.#questions.get(network) ?? 1) - 1
      if (left > 0) this.#questions.set(network, left)
      else this.#questions.delete(network)
    }
  }

  async #ask(query: Readonly<Record<string, string>>, state: string): Promise<string> {
    const current = new URL(this.#settings.redirectUrl)
    current.search = new URLSearchParams(query).toString()
    try {
      const { oidc, config } = await this.#discover()
      const tokens = await oidc.authorizationCodeGrant(config, current, {
        pkceCodeVerifier: this.#mark('verifier', state),
        expectedState: state,
        expectedNonce: this.#mark('nonce', state),
        idTokenExpected: true,
      })
      const user = tokens.claims()?.[this.#settings.userClaim]
      if (typeof user !== 'string' || !userPattern.test(user))
        throw new DirectoryFailure(`the ID token has no name in its claim ${this.#settings.userClaim}`)
      return user
    } catch (error) {
      if (error instanceof DirectoryFailure) throw error
      throw new DirectoryFailure('the directory did not confirm the identity of this person', error)
    }
  }

  /** Called at the first sign-in and again after a failure, so that the centre can start without the directory. */
  #discover(): Promise<DiscoveredDirectory> {
    this.#found ??= this.#load().catch((error: unknown) => {
      this.#found = undefined
      throw new DirectoryFailure('the directory can not be reached', error)
    })
    return this.#found
  }

  /** 43 characters of base64url, as RFC 7636 wants them of a verifier. */
  #mark(use: 'state' | 'verifier' | 'nonce', value: string): string {
    return createHmac('sha256', this.#secret).update(`${use} ${value}`).digest('base64url')
  }

  /** Made by this centre since its start, and not too old. */
  #isOurs(state: string): boolean {
    const [made = '', mark = ''] = state.split('.')
    const [given, wanted] = [Buffer.from(mark), Buffer.from(this.#mark('state', made))]
    if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) return false
    return this.#clock.monotonicMs() - Number.parseInt(made, 10) <= pendingLifeMs
  }

  async #load(): Promise<DiscoveredDirectory> {
    const oidc = await loadClient()
    const { issuer, clientId, clientSecret } = this.#settings
    const url = new URL(issuer)
    // The configuration allows http without TLS only on loopback.
    const isPlain = url.protocol === 'http:'
    const config = await oidc.discovery(url, clientId, undefined, oidc.ClientSecretBasic(clientSecret), {
      timeout: answerSecondsMax,
      [oidc.customFetch]: boundedFetch,
      ...(isPlain ? { execute: [oidc.allowInsecureRequests] } : {}),
    })
    return { oidc, config }
  }
}

/** A directory that answers without end fills no memory. */
const boundedFetch: CustomFetch = async (url, options) => {
  const { body: asked, ...rest } = options
  const response = await fetch(url, {
    ...rest,
    ...(asked === undefined ? {} : { body: asked }),
  } as RequestInit)
  const { status, statusText, headers, body } = response
  const parts: Uint8Array[] = []
  let bytes = 0
  for await (const part of (body ?? []) as AsyncIterable<Uint8Array>) {
    parts.push(part)
    bytes += part.byteLength
    if (bytes > answerBytesMax) throw new Error(`the directory answered more than ${answerBytesMax} bytes`)
  }
  return new Response(bytes === 0 ? null : Buffer.concat(parts), { status, statusText, headers })
}
