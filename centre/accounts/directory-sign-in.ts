// Sign-in through the town's own user directory (OpenID Connect, authorization code with PKCE). The directory confirms
// the identity of a person; the person's account at the centre decides the permissions. Without an account, the sign-in
// is refused.
import type { Configuration } from 'openid-client'
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

/** The largest number of unfinished sign-ins; beyond it the oldest is deleted, and its person must begin again. */
export const pendingMax = 500
export const pendingLifeMs = 10 * 60_000
const answerSecondsMax = 10

/** Loaded at the first sign-in, not at the start of the centre: many towns have no directory, and loading takes time. */
const loadClient = () => import('openid-client')

interface DiscoveredDirectory {
  oidc: Awaited<ReturnType<typeof loadClient>>
  config: Configuration
}

interface Pending {
  verifier: string
  nonce: string
  atMs: number
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
  readonly #pending = new Map<string, Pending>()
  #found: Promise<DiscoveredDirectory> | undefined

  constructor(settings: DirectorySettings, clock: Clock) {
    this.#settings = settings
    this.#clock = clock
  }

  /** `url`: the page of the directory for the browser. `state`: the caller stores it in a cookie, for `finish`. */
  async begin(): Promise<{ url: string; state: string }> {
    const { oidc, config } = await this.#discover()
    const [verifier, nonce, state] = [oidc.randomPKCECodeVerifier(), oidc.randomNonce(), oidc.randomState()]
    const url = oidc.buildAuthorizationUrl(config, {
      redirect_uri: this.#settings.redirectUrl,
      scope: 'openid profile',
      code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      state,
      nonce,
    })
    const [oldest] = this.#pending.keys()
    if (this.#pending.size >= pendingMax && oldest !== undefined) this.#pending.delete(oldest)
    this.#pending.set(state, { verifier, nonce, atMs: this.#clock.monotonicMs() })
    return { url: url.href, state }
  }

  /** Returns the user name that the directory confirms. `state`: from the browser's cookie; each is accepted once. */
  async finish(query: Readonly<Record<string, string>>, state: string | undefined): Promise<string> {
    const pending = state === undefined ? undefined : this.#pending.get(state)
    if (state === undefined || !pending || query['state'] !== state)
      throw new DirectoryFailure('this browser did not begin this sign-in, or began it too long ago')
    this.#pending.delete(state)
    if (this.#clock.monotonicMs() - pending.atMs > pendingLifeMs)
      throw new DirectoryFailure('this sign-in was begun too long ago')
    const current = new URL(this.#settings.redirectUrl)
    current.search = new URLSearchParams(query).toString()
    try {
      const { oidc, config } = await this.#discover()
      const tokens = await oidc.authorizationCodeGrant(config, current, {
        pkceCodeVerifier: pending.verifier,
        expectedState: state,
        expectedNonce: pending.nonce,
        idTokenExpected: true,
      })
      const user = tokens.claims()?.[this.#settings.userClaim]
      if (typeof user !== 'string' || user === '')
        throw new DirectoryFailure(`the ID token has no claim ${this.#settings.userClaim}`)
      return user
    } catch (error) {
      if (error instanceof DirectoryFailure) throw error
      throw new DirectoryFailure('the directory did not confirm the identity of this person', error)
    }
  }

  /** Called at the first sign-in and again after a failure, so that the centre can start without the directory. */
  #discover(): Promise<DiscoveredDirectory> {
    this.#found ??= this.#ask().catch((error: unknown) => {
      this.#found = undefined
      throw new DirectoryFailure('the directory can not be reached', error)
    })
    return this.#found
  }

  async #ask(): Promise<DiscoveredDirectory> {
    const oidc = await loadClient()
    const { issuer, clientId, clientSecret } = this.#settings
    const url = new URL(issuer)
    // The configuration allows http without TLS only on loopback.
    const isPlain = url.protocol === 'http:'
    const config = await oidc.discovery(url, clientId, undefined, oidc.ClientSecretBasic(clientSecret), {
      timeout: answerSecondsMax,
      ...(isPlain ? { execute: [oidc.allowInsecureRequests] } : {}),
    })
    return { oidc, config }
  }
}
