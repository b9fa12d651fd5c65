// One message to a receiver: the facts of a case at one step, written once when it is queued. Pure.
import {
  alarmKinds,
  type AlarmKind,
  type AlarmPlace,
  type BilingualText,
} from '../../protocols/domain/alarm.ts'
import { caseStates, type CaseState } from '../../protocols/domain/case.ts'
import { colours, type Colour } from '../../protocols/domain/colour.ts'
import { outletSteps, type OutletStep } from '../../protocols/desk/outlets.ts'
import { isObject, parseJson, scalarText } from '../../protocols/kit/parse-json.ts'

export interface OutletMessage {
  /** The same at every attempt: a receiver that has it already drops it. */
  id: string
  /** Counts on: a receiver that wants numbers gets this one, the same at every attempt. */
  number: number
  case: string
  step: OutletStep
  colour: Colour
  state: CaseState
  isDrill: boolean
  /** A press of the test button: no alarm. */
  isTest?: true
  village: string
  villageName: string
  title: BilingualText
  kind?: AlarmKind
  variant?: string
  alarm?: string
  box?: string
  device?: string
  zone?: string
  place?: AlarmPlace
  /** When the case was opened, and when the step was taken; ms since 1970. */
  openedAtMs: number
  atMs: number
  who: string
  /** The words of the person who took the step. */
  text: string
  /** With the step `household`: this telephone, of the person who asks, rings first and is connected with the household. */
  deskPhone?: string
  /** Of one attempt, never of the queue: where the receiver opens a picture once. */
  pictureUrl?: string
}

export function testMessage(id: string, atMs: number, who: string): OutletMessage {
  return {
    id,
    number: Math.floor(atMs / 1000) % 9999,
    case: 'case-0',
    step: 'raised',
    colour: 'blue',
    state: 'open',
    isDrill: true,
    isTest: true,
    village: 'test',
    villageName: '测试 Test',
    title: { zh: '线路测试，请勿出警', en: 'line test, take no action' },
    kind: 'sos',
    openedAtMs: atMs,
    atMs,
    who,
    text: '',
  }
}

/** From the queue; undefined when the row is damaged. */
export function parseMessage(body: string, number: number): OutletMessage | undefined {
  const parsed = parseJson(body, Infinity)
  if (!parsed.ok || !isObject(parsed.value)) return undefined
  const { value } = parsed
  const { title, place, kind } = value
  const isGood =
    ['id', 'case', 'village', 'villageName', 'who', 'text'].every((key) => typeof value[key] === 'string') &&
    ['openedAtMs', 'atMs'].every((key) => typeof value[key] === 'number') &&
    outletSteps.some((one) => one === value['step']) &&
    colours.some((one) => one === value['colour']) &&
    caseStates.some((one) => one === value['state']) &&
    isObject(title) &&
    typeof title['zh'] === 'string' &&
    typeof title['en'] === 'string' &&
    (place === undefined || isObject(place)) &&
    (kind === undefined || alarmKinds.some((one) => one === kind)) &&
    ['variant', 'alarm', 'box', 'device', 'zone', 'deskPhone'].every(
      (key) => value[key] === undefined || scalarText(value[key]) !== undefined,
    )
  return isGood ? { ...(value as unknown as OutletMessage), number } : undefined
}
