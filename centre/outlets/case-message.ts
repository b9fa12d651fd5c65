// A case at one step as a message to a receiver, written once when it is queued. Pure.
import type { OutletMessage } from '../../platform/outlets/message.ts'
import type { OutletStep } from '../../protocols/desk/outlets.ts'
import type { OutletCase } from '../storage/outlet-port.ts'

export interface StepFacts {
  id: string
  step: OutletStep
  atMs: number
  who: string
  text: string
  deskPhone?: string | undefined
}

const textMax = 500

export function messageOf({ case: item, alarm, villageName }: OutletCase, step: StepFacts): OutletMessage {
  const { id, village, colour, state, isDrill, title, openedAtMs, box } = item
  const main = item.alarms.find((one) => one.id.endsWith(`.${alarm?.id ?? ''}`))
  return {
    id: step.id,
    number: 0,
    case: id,
    step: step.step,
    colour,
    state,
    isDrill,
    village,
    villageName,
    title,
    ...(box === undefined ? {} : { box }),
    ...(main === undefined ? {} : { alarm: main.id }),
    ...(alarm === undefined ? {} : { kind: alarm.kind, device: alarm.device }),
    ...(alarm?.variant === undefined ? {} : { variant: alarm.variant }),
    ...(alarm?.zone === undefined ? {} : { zone: alarm.zone }),
    ...(alarm?.place === undefined ? {} : { place: alarm.place }),
    openedAtMs,
    atMs: step.atMs,
    who: step.who.slice(0, 80),
    text: step.text.slice(0, textMax),
    ...(step.deskPhone === undefined ? {} : { deskPhone: step.deskPhone }),
  }
}
