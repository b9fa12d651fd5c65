// One pull-point subscription to a camera's events: opened, pulled, renewed and ended as the camera's answers require.
import { CameraProblem } from '../camera-problem.ts'
import { namespaces, type OnvifRequest } from './onvif-requests.ts'
import { OnvifCaller, OnvifFault, orRefused, type OnvifOptions, type OwnPlace } from './onvif-caller.ts'
import type { SoapRequest } from './soap-envelope.ts'
import { elementAt, elementsNamed, textAt, xmlOf, type XmlElement } from './soap-xml.ts'

/** Lifetime of a subscription without renewal: if the box lost its power, it expires by itself. */
const lifeSeconds = 120
/** How long a pull may wait at the camera; in seconds, because some firmware does not read minutes. */
const pullSecondsMax = 60
/** Answers come slightly later than requested. */
const pullGraceMs = 15_000
const messagesMax = 20
const parametersCharsMax = 4096

const addressing = 'http://www.w3.org/2005/08/addressing'
const notification = 'http://docs.oasis-open.org/wsn/b-2'
const subscriptions = 'http://docs.oasis-open.org/wsn/bw-2/SubscriptionManager'

const request = (action: string, body: string): OnvifRequest => ({ service: 'events', action, body })

export interface Subscription {
  place: OwnPlace & { to: SoapRequest['to'] }
  /** Reported by the camera; undefined when missing or implausible. */
  lifeMs: number | undefined
}

export interface Pulled {
  messages: XmlElement[]
  /** The lifetime of the subscription from now on, if the camera reports it. */
  lifeMs: number | undefined
}

export class PullPoint {
  readonly #caller: OnvifCaller
  #pullSeconds = pullSecondsMax

  constructor(options: OnvifOptions) {
    this.#caller = new OnvifCaller(options)
  }

  async subscribe(signal: AbortSignal, deadlineMs: number): Promise<Subscription> {
    const caller = this.#caller
    caller.begin(signal, deadlineMs)
    await orRefused(caller.readClock())
    await caller.readServices()
    const answer = await caller.ask(
      request(
        `${namespaces.events}/EventPortType/CreatePullPointSubscriptionRequest`,
        `<CreatePullPointSubscription xmlns="${namespaces.events}"><InitialTerminationTime>PT${lifeSeconds}S` +
          '</InitialTerminationTime></CreatePullPointSubscription>',
      ),
    )
    const reference = elementAt(answer, 'SubscriptionReference')
    const address = textAt(reference, 'Address').slice(0, 1000)
    const place = caller.ownPlace(address)
    if (!place) throw new CameraProblem('not-onvif', { detail: 'CreatePullPointSubscription' })
    return {
      place: { ...place, to: { address, parameters: parametersOf(reference) } },
      lifeMs: lifeOf(answer),
    }
  }

  /**
   * Waits for events, as long as the camera allows and at most `waitMsMax`; resolves with the events, perhaps none. A
   * camera that refuses the waiting time is asked again with the one that it names, or a shorter one.
   */
  async pull({ place }: Subscription, waitMsMax: number, signal: AbortSignal): Promise<Pulled> {
    for (;;) {
      const seconds = Math.max(1, Math.min(this.#pullSeconds, Math.floor(waitMsMax / 1000)))
      this.#caller.begin(signal, seconds * 1000 + pullGraceMs)
      try {
        const answer = await this.#caller.ask(
          request(
            `${namespaces.events}/PullPointSubscription/PullMessagesRequest`,
            `<PullMessages xmlns="${namespaces.events}"><Timeout>PT${seconds}S</Timeout>` +
              `<MessageLimit>${messagesMax}</MessageLimit></PullMessages>`,
          ),
          { at: place },
        )
        return { messages: elementsNamed(answer, 'NotificationMessage'), lifeMs: lifeOf(answer) }
      } catch (error) {
        const shorter = shorterWait(error, seconds)
        if (shorter === undefined) throw error
        this.#pullSeconds = shorter
      }
    }
  }

  async renew({ place }: Subscription, signal: AbortSignal, deadlineMs: number): Promise<void> {
    this.#caller.begin(signal, deadlineMs)
    const time = `<TerminationTime>PT${lifeSeconds}S</TerminationTime>`
    await this.#caller.ask(
      request(`${subscriptions}/RenewRequest`, `<Renew xmlns="${notification}">${time}</Renew>`),
      { at: place },
    )
  }

  async unsubscribe({ place }: Subscription, signal: AbortSignal, deadlineMs: number): Promise<void> {
    this.#caller.begin(signal, deadlineMs)
    await this.#caller.ask(
      request(`${subscriptions}/UnsubscribeRequest`, `<Unsubscribe xmlns="${notification}"/>`),
      {
        at: place,
      },
    )
  }
}

/**
 * Elements that a camera requires in the header of every request about the subscription, as WS-Addressing defines.
 */
function parametersOf(reference: XmlElement | undefined): string {
  const mark = ` a:IsReferenceParameter="true" xmlns:a="${addressing}"`
  const text = (elementAt(reference, 'ReferenceParameters')?.children ?? [])
    .map((one) => xmlOf(one, one.prefix === 'a' ? '' : mark))
    .join('')
  return text.length > parametersCharsMax ? '' : text
}

/** From its own two times, so that its clock does not matter. */
function lifeOf(answer: XmlElement): number | undefined {
  const [from, until] = ['CurrentTime', 'TerminationTime'].map((name) => Date.parse(textAt(answer, name)))
  const lifeMs = (until ?? Number.NaN) - (from ?? Number.NaN)
  return lifeMs > 0 && lifeMs < 86_400_000 ? lifeMs : undefined
}

/** The waiting time to use instead; undefined when the refusal has another reason. */
function shorterWait(error: unknown, seconds: number): number | undefined {
  if (!(error instanceof OnvifFault)) return undefined
  const { detail, words } = error.fault
  const given = /^PT(?:(\d+)M)?(?:(\d+)(?:\.\d+)?S)?$/.exec(textAt(detail?.children[0], 'MaxTimeout'))
  const max = given ? Number(given[1] ?? 0) * 60 + Number(given[2] ?? 0) : 0
  if (max > 0 && max < seconds) return max
  const isAboutTime = /time ?out|duration|InvalidArg|PT\d/i.test(words)
  return isAboutTime && seconds > 5 ? Math.max(5, Math.floor(seconds / 3)) : undefined
}
