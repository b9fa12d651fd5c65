// The facts that one camera reports over ONVIF: its state, its identity, and the addresses of its pictures and its
// stream.
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

/** Profiles that are asked for an address: the first may have none although the second has one. */
const profilesAskedMax = 4

/** The result of a probe. Paths are on the camera's own host, whatever host it named. */
export interface CameraFacts extends DeviceFacts {
  /** Undefined when the camera does not report its time. */
  clockSkewMs: number | undefined
  profiles: Profile[]
  /** Address and path of the snapshot, undefined when the camera has none. */
  snapshot: { address: CameraAddress; path: string } | undefined
  stream: { port: number; path: string } | undefined
  hasEvents: boolean
  /** It accepted our sign-in, as far as can be seen. */
  isSignedIn: boolean
  /** Hosts that the camera named instead of itself: NAT, a wrong configuration or an attack. */
  foreignHosts: string[]
}

export class OnvifSession {
  readonly #caller: OnvifCaller

  constructor(options: OnvifOptions) {
    this.#caller = new OnvifCaller(options)
  }

  /**
   * The smallest check that the camera lives: its clock, which needs no credentials, and its identity, which mostly
   * does. The skew in ms is undefined when it does not report its time, `isKnown` is false when it does not report its
   * identity; rejects when it reports neither.
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

  /** All facts needed to take pictures, inside one deadline. */
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

  /**
   * The media services of a camera, the newer one first, with the profiles of each: one may refuse a request that the
   * other accepts.
   */
  async #readMedia(): Promise<Media[]> {
    const named = (['media2', 'media'] as const).filter((service) => this.#caller.has(service))
    // A camera that names neither has the older one, at its default path.
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

  /** A camera without one of the two answers with a fault, and the other may still work. */
  async #uriAnswer(request: OnvifRequest): Promise<XmlElement | undefined> {
    const answer = await orRefused(this.#caller.ask(request))
    return answer instanceof CameraProblem && isRefused(answer) ? undefined : (answer as XmlElement)
  }
}

interface Media {
  service: MediaService
  profiles: Profile[]
}
