// What a case waits for, and why a step is not offered, in both languages. Pure.
import type { BilingualText } from '../../../protocols/domain/alarm.ts'
import type { CaseAsk } from '../../../protocols/desk/cases.ts'
import type { ReturnReason } from '../../../protocols/domain/case.ts'

type AcceptReason = NonNullable<CaseAsk['why']>

/** `{who}` stands for names, `{names}` for actions or alarms. */
const acceptWords: Record<AcceptReason | 'first', BilingualText> = {
  first: { zh: '等待接警', en: 'waits to be accepted' },
  again: { zh: '再次发生，请再次接警', en: 'it came again: accept it again' },
  second: { zh: '等待另一人接警（{who} 已接警）', en: 'a second person has to accept it ({who} has)' },
  reopened: {
    zh: '接警后无人推进，已退回队列（原处理人 {who}）：请接警',
    en: 'nobody moved it after {who} had accepted it, so it is back in the queue: accept it',
  },
  released: { zh: '{who} 已放回队列：请接警', en: '{who} gave it back: accept it' },
  redistributed: {
    zh: '{who} 已离岗，已退回队列：请接警',
    en: '{who} has left, so it is back in the queue: accept it',
  },
  'taken-back': { zh: '已从其他中心收回：请接警', en: 'taken back from the other centre: accept it' },
}

const askWords: Record<Exclude<CaseAsk['what'], 'accept'>, BilingualText> = {
  dispatch: { zh: '等待派遣或现场反馈', en: 'waits for a dispatch, or for feedback' },
  feedback: { zh: '等待现场反馈', en: 'waits for feedback from the scene' },
  verify: { zh: '等待另一人核查（不能是 {who}）', en: 'a second person has to verify it, not {who}' },
  actions: { zh: '必做事项未完成：{names}', en: 'required and not done yet: {names}' },
  'alarm-end': { zh: '报警尚未解除：{names}', en: 'an alarm is still active: {names}' },
  archive: { zh: '可以归档', en: 'can be archived' },
}

/** Back in the queue, on the line of an alarm. */
export const returnWords: Record<ReturnReason, BilingualText> = {
  reopened: { zh: '{who} 接警后无人推进', en: 'Accepted by {who}, and nobody moved it' },
  released: { zh: '{who} 已放回队列', en: 'Given back by {who}' },
  redistributed: { zh: '{who} 已离岗，退回队列', en: '{who} has left: back in the queue' },
  'taken-back': { zh: '已从其他中心收回', en: 'Taken back from the other centre' },
}

const list = (texts: readonly string[], comma: string): string => texts.join(comma)

export function askText(ask: CaseAsk): BilingualText {
  const words = ask.what === 'accept' ? acceptWords[ask.why ?? 'first'] : askWords[ask.what]
  const put = (language: 'zh' | 'en'): string => {
    const comma = language === 'zh' ? '、' : ', '
    return words[language].replace('{who}', list(ask.who ?? ['?'], comma)).replace(
      '{names}',
      list(
        (ask.names ?? []).map((name) => name[language]),
        comma,
      ),
    )
  }
  return { zh: put('zh'), en: put('en') }
}

export const stepReasonWords = {
  held: { zh: '由 {who} 处理', en: 'it is held by {who}' },
  secondPerson: {
    zh: '须由另一人核查（不能是 {who}）',
    en: 'a second person has to do this, not {who}',
  },
  mayArchive: { zh: '主管写明原因后可以归档', en: 'a supervisor may archive it with a reason' },
} satisfies Record<string, BilingualText>
