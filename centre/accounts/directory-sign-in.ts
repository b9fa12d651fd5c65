// Sign-in by the town's own directory (OpenID Connect, authorization code with PKCE). The directory proves who a person is; what they
// may do is decided by their account at the centre: without an account, the sign-in is refused.
import type { Configuration } from 'openid-client'
import type { Clock } from '../../protocols/kit/clock.ts'

export interface DirectorySettings {
  issuer: string
  clientId: string
  clientSecret: string
  /** As it is registered at the directory: the desk's address and `/api/v1/oidc/callback`. */
  redirectUrl: string
  /** The claim of the ID token that holds the user name. */
  userClaim: string
}

/** Sign-ins under way; beyond it the oldest has to begin again. */
export const pendingMax = 500
export const pendingLifeMs = 10 * 60_000
const answerSecondsMax = 10

/** Loaded at the first sign-in: the package costs a start of the centre time that a town without a directory never uses. */
const loadClient = () => import('openid-client')

interface Found {
  oidc: Awaited<ReturnType<typeof loadClient>>
  config: Configuration
}

interface Pending {
  verifier: string
  nonce: string
  atMs: number
}

/** The directory can not be reached, or its answer proves no identity. */
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
  #found: Promise<Found> | undefined

  constructor(settings: DirectorySettings, clock: Clock) {
    this.#settings = settings
    this.#clock = clock
  }

  /** Where the browser goes, and the state that it has to bring back: kept in a cookie of its own. */
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

  /** The user name that the directory proves. `state`: of the browser's cookie; each counts once. */
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
      throw new DirectoryFailure('the directory did not prove who this is', error)
    }
  }

  /** Asked at the first sign-in, and again after a failure: the centre starts without its directory. */
  #discover(): Promise<Found> {
    this.#found ??= this.#ask().catch((error: unknown) => {
      this.#found = undefined
      throw new DirectoryFailure('the directory can not be reached', error)
    })
    return this.#found
  }

  async #ask(): Promise<Found> {
    const oidc = await loadClient()
    const { issuer, clientId, clientSecret } = this.#settings
    const url = new URL(issuer)
    // The configuration allows plain http on loopback alone.
    const isPlain = url.protocol === 'http:'
    const config = await oidc.discovery(url, clientId, undefined, oidc.ClientSecretBasic(clientSecret), {
      timeout: answerSecondsMax,
      ...(isPlain ? { execute: [oidc.allowInsecureRequests] } : {}),
    })
    return { oidc, config }
  }
}
