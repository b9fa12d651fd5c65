// Links to one picture each, for receivers outside: random, once, for a while. A link is made with the first message of an alarm, mostly
// before its first picture, and waits for it. They are in memory only: a restart ends them all.
import { createHash } from 'node:crypto'
import { forgetOldest } from '../../../platform/forget-oldest.ts'
import type { OutletMessage } from '../../../platform/outlets/message.ts'
import type { Outlet } from '../../../platform/outlets/port.ts'
import type { Clock } from '../../../protocols/kit/clock.ts'
import type { Random } from '../../../protocols/kit/random.ts'
import type { DeskPicture } from '../../../protocols/desk/api.ts'

const tokenBytes = 32
/** Links that are remembered; the oldest ones end. */
const linksMax = 5000
export const pictureLinkPath = '/api/v1/picture-links/'

export interface LinkedPicture {
  box: string
  camera: string
  sha256: string
}

export interface PictureLink {
  outlet: string
  message: string
  alarm: string
  /** The newest one when the message was sent; absent: the newest one when the link is opened for the first time after there is one. */
  picture?: LinkedPicture
  expiresAtMs: number
  isUsed: boolean
}

export interface PictureLinksOptions {
  picturesOfAlarm: (alarm: string, limit: number) => Promise<DeskPicture[]>
  clock: Clock
  random: Random
  /** A link was made: for the log of security. */
  onMade: (link: PictureLink) => void
}

interface Settings {
  baseUrl: string
  minutes: number
}

/** What is stored is no link: only its hash. */
const hashOf = (token: string): string => createHash('sha256').update(`picture ${token}`).digest('hex')

export class PictureLinks {
  readonly #options: PictureLinksOptions
  readonly #links = new Map<string, PictureLink>()
  /** The address of a message: the same at every attempt. */
  readonly #urls = new Map<string, string>()

  constructor(options: PictureLinksOptions) {
    this.#options = options
  }

  /** Undefined for a message without an alarm. */
  async make(outlet: string, settings: Settings, message: OutletMessage): Promise<string | undefined> {
    const { clock, random, onMade } = this.#options
    const { alarm, isTest, id } = message
    if (alarm === undefined || isTest) return undefined
    const known = this.#urls.get(`${outlet} ${id}`)
    if (known !== undefined) return known
    const token = random.hex(tokenBytes)
    const expiresAtMs = Math.round(clock.wallMs() + settings.minutes * 60_000)
    const link: PictureLink = { outlet, message: id, alarm, expiresAtMs, isUsed: false }
    // A message waits for no picture, and is not sent without its link because none can be looked up now.
    await this.pictureOf(link).catch(() => undefined)
    this.#links.set(hashOf(token), link)
    const url = `${settings.baseUrl}${pictureLinkPath}${token}`
    this.#urls.set(`${outlet} ${id}`, url)
    forgetOldest(this.#links, linksMax)
    forgetOldest(this.#urls, linksMax)
    onMade(link)
    return url
  }

  /** The picture that the link opens, from now on the same; undefined while there is none. */
  async pictureOf(link: PictureLink): Promise<LinkedPicture | undefined> {
    if (link.picture) return link.picture
    const [found] = await this.#options.picturesOfAlarm(link.alarm, 1)
    if (!found || found.preview.state === 'gone') return undefined
    link.picture = { box: found.box, camera: found.camera, sha256: found.preview.sha256 }
    return link.picture
  }

  /** From here on it is used, unless it is put back: two that come at once do not both get it. */
  take(token: string): PictureLink | 'no-link' | 'link-used' | 'link-expired' {
    const link = this.#links.get(hashOf(token))
    if (!link) return 'no-link'
    if (link.isUsed) return 'link-used'
    if (this.#options.clock.wallMs() >= link.expiresAtMs) return 'link-expired'
    link.isUsed = true
    return link
  }

  /** Nothing was handed out: the picture is not here yet. */
  putBack(link: PictureLink): void {
    link.isUsed = false
  }
}

/** The outlet with a link in each message; a preview makes none. */
export function withPictureLinks(
  outlet: Outlet,
  { name, pictureLink }: { name: string; pictureLink?: Settings | undefined },
  links: PictureLinks | undefined,
): Outlet {
  if (pictureLink === undefined || links === undefined) return outlet
  const linked = (message: OutletMessage, pictureUrl: string | undefined): OutletMessage =>
    pictureUrl === undefined ? message : { ...message, pictureUrl }
  return {
    ...outlet,
    preview: (messages) =>
      outlet.preview(messages.map((one) => linked(one, `${pictureLink.baseUrl}${pictureLinkPath}...`))),
    send: async (messages, signal) => {
      // Without the picture rather than without the alarm.
      const made = messages.map(async (one) =>
        linked(one, await links.make(name, pictureLink, one).catch(() => undefined)),
      )
      return outlet.send(await Promise.all(made), signal)
    },
  }
}
