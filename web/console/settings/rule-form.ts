// A local rule as its form shows it, and back: pure. Keys that the form does not have stay as a person wrote them.
import type { RuleEntry } from '../../../protocols/console/installing.ts'
import type { BilingualText } from '../../../protocols/domain/alarm.ts'

/** Devices that do something when a rule asks them to, and the command of each. */
export const actorCommands: Partial<Record<string, readonly string[]>> = {
  siren: ['siren'],
  lamp: ['lamp'],
  sign: ['sign'],
  loudspeaker: ['speak', 'siren'],
  other: ['switch'],
}

export const commandWords: Partial<Record<string, BilingualText>> = {
  siren: { zh: '鸣响', en: 'sound' },
  lamp: { zh: '亮灯', en: 'light up' },
  sign: { zh: '显示文字', en: 'show a text' },
  speak: { zh: '播报文字', en: 'say a text' },
  switch: { zh: '接通', en: 'switch on' },
}
/** Commands with a text. */
export const hasText = (command: string): boolean => command === 'sign' || command === 'speak'

export interface RuleForm {
  id: string
  kinds: string[]
  colours: string[]
  zones: string[]
  hasTimes: boolean
  from: string
  to: string
  device: string
  do: string
  text: string
  secondsMax: number
}

export const emptyRule = (id: string): RuleForm => ({
  id,
  kinds: [],
  colours: ['red'],
  zones: [],
  hasTimes: false,
  from: '22:00',
  to: '06:00',
  device: '',
  do: '',
  text: '',
  secondsMax: 180,
})

export function formOfRule({
  id,
  when,
  device,
  do: command,
  with: more = {},
  secondsMax,
}: RuleEntry): RuleForm {
  const { text } = more
  return {
    ...emptyRule(id),
    kinds: [...(when.kinds ?? [])],
    colours: [...(when.colours ?? [])],
    zones: [...(when.zones ?? [])],
    hasTimes: when.during !== undefined,
    ...(when.during ? { from: when.during.from, to: when.during.to } : {}),
    device,
    do: command,
    text: typeof text === 'string' ? text : '',
    secondsMax: secondsMax ?? 180,
  }
}

export function ruleOfForm(form: RuleForm, before?: RuleEntry): RuleEntry {
  const { kinds: _kinds, colours: _colours, zones: _zones, during, ...otherWhen } = before?.when ?? {}
  const { text: _text, ...otherWith } = before?.with ?? {}
  const list = (name: 'kinds' | 'colours' | 'zones'): object =>
    form[name].length === 0 ? {} : { [name]: form[name] }
  const values = hasText(form.do) && form.text !== '' ? { ...otherWith, text: form.text } : otherWith
  const { with: _with, ...rest } = before ?? {}
  return {
    ...rest,
    id: form.id,
    when: {
      ...otherWhen,
      ...list('kinds'),
      ...list('colours'),
      ...list('zones'),
      ...(form.hasTimes
        ? { during: { ...(during?.days ? { days: during.days } : {}), from: form.from, to: form.to } }
        : {}),
    },
    device: form.device,
    do: form.do,
    ...(Object.keys(values).length > 0 ? { with: values } : {}),
    secondsMax: form.secondsMax,
  }
}
