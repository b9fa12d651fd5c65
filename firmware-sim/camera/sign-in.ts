// The camera's side of signing in: Basic, Digest and the ONVIF UsernameToken, checked as strictly as by a good camera.
import { createHash } from 'node:crypto'

export interface Account {
  user: string
  password: string
}

export type AuthMode = 'none' | 'basic' | 'digest' | 'digest-sha256' | 'digest-no-qop'

const md5 = (text: string): string => createHash('md5').update(text).digest('hex')
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

/** Asks for a sign-in; nonces count up, and only the last one is valid. */
export class SignIn {
  readonly #account: Account
  readonly #mode: AuthMode
  #nonce = 0

  constructor(account: Account, mode: AuthMode) {
    this.#account = account
    this.#mode = mode
  }

  get mode(): AuthMode {
    return this.#mode
  }

  /** WWW-Authenticate values; the nonce ends in "==" because Axis' does. */
  challenge(): string[] {
    const realm = 'realm="Simulated, \\"Camera\\""'
    if (this.#mode === 'basic') return [`Basic ${realm}`]
    const nonce = `nonce="n${++this.#nonce}=="`
    if (this.#mode === 'digest-no-qop') return [`Digest ${realm}, ${nonce}`]
    const digest = `Digest qop="auth,auth-int", ${realm}, ${nonce}, opaque="o=1"`
    if (this.#mode === 'digest') return [digest, `Basic ${realm}`]
    return [digest, `${digest}, algorithm=SHA-256`]
  }

  accepts(header: string | undefined, method: string): boolean {
    if (this.#mode === 'none') return true
    const { user, password } = this.#account
    if (header === undefined) return false
    if (this.#mode === 'basic') {
      return header === `Basic ${Buffer.from(`${user}:${password}`, 'utf8').toString('base64')}`
    }
    const given = Buffer.from(header, 'latin1').toString('utf8')
    const field = (name: string): string => {
      const found = new RegExp(`[ ,]${name}=(?:"((?:[^"\\\\]|\\\\.)*)"|([^,]*))`).exec(given)
      return (found?.[1]?.replace(/\\(.)/g, '$1') ?? found?.[2] ?? '').trim()
    }
    if (field('nonce') !== `n${this.#nonce}==`) return false
    const hash = field('algorithm') === 'SHA-256' ? sha256 : md5
    const ha1 = hash(`${user}:Simulated, "Camera":${password}`)
    const ha2 = hash(`${method}:${field('uri')}`)
    const middle = field('qop') === '' ? '' : `${field('nc')}:${field('cnonce')}:auth:`
    return (
      field('username') === user && field('response') === hash(`${ha1}:${field('nonce')}:${middle}${ha2}`)
    )
  }

  /** The UsernameToken of a SOAP header; `nowMs` is the camera's own clock, five seconds off are refused. */
  acceptsToken(xml: string, nowMs: number): boolean {
    const text = (name: string): string =>
      new RegExp(`<(?:\\w+:)?${name}(?:\\s[^>]*)?>([^<]*)<`).exec(xml)?.[1] ?? ''
    const created = text('Created')
    if (Math.abs(Date.parse(created) - nowMs) > 5000) return false
    const expected = createHash('sha1')
      .update(Buffer.from(text('Nonce'), 'base64'))
      .update(created)
      .update(this.#account.password)
      .digest('base64')
    const user = text('Username')
      .replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)))
      .replaceAll('&lt;', '<')
      .replaceAll('&gt;', '>')
      .replaceAll('&quot;', '"')
      .replaceAll('&amp;', '&')
    return user === this.#account.user && text('Password') === expected
  }
}
