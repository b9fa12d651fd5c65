// What one camera tells of itself over ONVIF: how it is, who it is, and where its pictures and its stream are.
import type { CameraAddress } from '../http/camera-http.ts'
import { CameraProblem } from '../camera-problem.ts'
import { isRefused, OnvifCaller, orRefused, type OnvifOptions } from './onvif-caller.ts'
import {
  getDevice,
  getProfiles,
  getSnapshotUri,
  getStreamUri,
  rankedProfiles,
  readDevice,
  readProfiles,
  readUri,
  type DeviceFacts,
  type MediaService,
  type OnvifRequest,
  type Profile,
} from './onvif-requests.ts'
import type { XmlElement } from './soap-xml.ts'

/** Profiles that are asked for an address: the first may have none where the second has one. */
const profilesAskedMax = 4

/** What a probe found out. Paths are on the camera's own host, whatever host it named. */
export interface CameraFacts extends DeviceFacts {
  /** Undefined when the camera does not tell its time. */
  clockSkewMs: number | undefined
  profiles: Profile[]
  /** Address and path of the snapshot, undefined when the camera has none. */
  snapshot: { address: CameraAddress; path: string } | undefined
  stream: { port: number; path: string } | undefined
  hasEvents: boolean
  /** It took our sign-in, as far as can be seen. */
  isSignedIn: boolean
  /** Hosts that the camera named instead of itself: NAT, a wrong set-up or worse. */
  foreignHosts: string[]
}

export class OnvifSession {
  readonly #caller: OnvifCaller

  constructor(options: OnvifOptions) {
    this.#caller = new OnvifCaller(options)
  }

  /**
   * The lightest proof of life: the camera's clock, which needs no credentials, and who it is, which mostly does. Its skew
   * in ms is undefined when it does not tell its time, `isKnown` false when it does not tell who it is; rejects when it
   * tells neither.
   */
  async check(
    signal: AbortSignal,
    deadlineMs: number,
  ): Promise<{ clockSkewMs: number | undefined; isKnown: boolean }> {
    this.#caller.begin(signal, deadlineMs)
    const clockSkewMs = await orRefused(this.#caller.readClock())
    const device = await orRefused(this.#caller.ask(getDevice))
    const isKnown = !(device instanceof CameraProblem)
    if (!(clockSkewMs instanceof CameraProblem)) return { clockSkewMs, isKnown }
    if (!isKnown) throw clockSkewMs
    return { clockSkewMs: undefined, isKnown }
  }

  /** Everything that is needed to take pictures, inside one deadline. */
  async probe(signal: AbortSignal, deadlineMs: number): Promise<CameraFacts> {
    const caller = this.#caller
    caller.begin(signal, deadlineMs)
    // Signed requests carry the camera's own time, and it may have rebooted to 1970 since the last probe.
    const clockSkewMs = await orRefused(caller.readClock())
    await caller.readServices()
    const device = await orRefused(caller.ask(getDevice))
    const media = await this.#readMedia()
    const snapshotUri = await this.#firstUri(media, getSnapshotUri)
    const streamUri = await this.#firstUri(media, getStreamUri)
    return {
      ...readDevice(device instanceof CameraProblem ? undefined : device),
      clockSkewMs: clockSkewMs instanceof CameraProblem ? undefined : clockSkewMs,
      profiles: media.find(({ profiles }) => profiles.length > 0)?.profiles ?? [],
      snapshot: snapshotUri === undefined ? undefined : caller.ownPage(snapshotUri),
      stream: streamUri === undefined ? undefined : caller.ownStream(streamUri),
      hasEvents: caller.has('events'),
      isSignedIn: caller.isSignedIn,
      foreignHosts: caller.foreignHosts,
    }
  }

  /** The media services that a camera has, the newer one first, with the profiles of each: one may refuse what the other does. */
  async #readMedia(): Promise<Media[]> {
    const named = (['media2', 'media'] as const).filter((service) => this.#caller.has(service))
    // One that names neither has the older one, where it always was.
    const asked = named.length > 0 ? named : (['media'] as const)
    const media: Media[] = []
    let refusal: CameraProblem | undefined
    for (const service of asked) {
      const answer = await orRefused(this.#caller.ask(getProfiles(service)))
      if (answer instanceof CameraProblem) refusal ??= answer
      else media.push({ service, profiles: rankedProfiles(readProfiles(answer)) })
    }
    if (media.length === 0 && refusal) throw refusal
    return media
  }

  async #firstUri(
    media: readonly Media[],
    request: (service: MediaService, token: string) => OnvifRequest,
  ): Promise<string | undefined> {
    for (const { service, profiles } of media) {
      for (const { token } of profiles.slice(0, profilesAskedMax)) {
        const answer = await this.#uriAnswer(request(service, token))
        const uri = answer && readUri(answer)
        if (uri !== undefined) return uri
      }
    }
    return undefined
  }

  /** A camera without one of the two says so with a fault, and the other may still work. */
  async #uriAnswer(request: OnvifRequest): Promise<XmlElement | undefined> {
    const answer = await orRefused(this.#caller.ask(request))
    return answer instanceof CameraProblem && isRefused(answer) ? undefined : (answer as XmlElement)
  }
}

interface Media {
  service: MediaService
  profiles: Profile[]
}
