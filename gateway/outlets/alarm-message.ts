// An alarm of the box at one change, as what the rules of outlets ask for and as the message to a receiver. Pure.
import type { OutletMessage } from '../../platform/outlets/message.ts'
import { aboutOutlets, type RuleFacts } from '../../platform/outlets/rules.ts'
import { alarmTable } from '../../protocols/domain/alarm-table.ts'
import type { Alarm, AlarmChange } from '../../protocols/domain/alarm.ts'
import type { OutletStep } from '../../protocols/desk/outlets.ts'
import { villageOf } from '../../protocols/domain/names.ts'
import type { AlarmRecord } from '../../protocols/domain/record.ts'

/** A village without a town has no cases: an alarm is its own case. Changes that are absent concern no receiver. */
const stepOfChange: Partial<Record<AlarmChange, OutletStep>> = {
  raised: 'again',
  repeated: 'again',
  escalated: 'again',
  unshelved: 'again',
  unsuppressed: 'again',
  'in-service': 'again',
  acknowledged: 'accepted',
  returned: 'ended',
  ended: 'over',
}

export interface BoxPlace {
  id: string
  name?: string | undefined
}

/** `troubled`: outlets whose own failure or silence is the alarm; undefined: the change concerns no receiver. */
export function factsOf(
  { change, alarm }: Pick<AlarmRecord, 'change' | 'alarm'>,
  box: BoxPlace,
  troubled: (outlet: string) => boolean,
  outlet: string,
): RuleFacts | undefined {
  const step = stepOfChange[change]
  if (step === undefined) return undefined
  return {
    step,
    isOpening: change === 'raised',
    isOver: alarm.state === 'normal',
    isDrill: alarm.isDrill === true,
    village: villageOf(box.id),
    colour: alarm.colour,
    kinds: [alarm.kind],
    ...(aboutOutlets.includes(alarm.kind) && troubled(outlet) ? { about: outlet } : {}),
  }
}

const stateOf = ({ state }: Alarm): OutletMessage['state'] =>
  state === 'normal' ? 'archived' : state === 'acknowledged' ? 'accepted' : 'open'

export function messageOfAlarm(
  { alarm, atMs }: Pick<AlarmRecord, 'alarm' | 'atMs'>,
  box: BoxPlace,
  facts: { id: string; step: OutletStep },
): OutletMessage {
  const { id, device, kind, variant, colour, zone, place } = alarm
  return {
    ...facts,
    number: 0,
    case: id,
    colour,
    state: stateOf(alarm),
    isDrill: alarm.isDrill === true,
    village: villageOf(box.id),
    villageName: box.name ?? box.id,
    title: alarmTable[kind].name,
    kind,
    alarm: id,
    box: box.id,
    device,
    ...(variant === undefined ? {} : { variant }),
    ...(zone === undefined ? {} : { zone }),
    ...(place === undefined ? {} : { place }),
    openedAtMs: atMs,
    atMs,
    // As steps that no person took; the sentence names a person only for others.
    who: 'centre',
    text: '',
  }
}
