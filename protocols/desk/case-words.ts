// The words for steps and states of a case, in both languages: one table for the pages, the report and the next centre.
import type { BilingualText } from '../domain/alarm.ts'
import type { CaseState } from '../domain/case.ts'
import type { MeasuredStep } from './figures.ts'

export const stepWords: Record<MeasuredStep, BilingualText> = {
  accept: { zh: '接警', en: 'Accept' },
  report: { zh: '上报', en: 'Report upward' },
  dispatch: { zh: '派遣', en: 'Dispatch' },
  feedback: { zh: '现场反馈', en: 'Feedback' },
  verify: { zh: '核查', en: 'Verify' },
  archive: { zh: '归档', en: 'Archive' },
}

export const caseStateWords: Record<CaseState, BilingualText> = {
  open: { zh: '待接警', en: 'not accepted yet' },
  accepted: { zh: '已接警', en: 'accepted' },
  dispatched: { zh: '已派遣', en: 'help is on its way' },
  feedback: { zh: '已反馈，待核查', en: 'feedback given, to be verified' },
  verified: { zh: '已核查，待归档', en: 'verified, to be archived' },
  archived: { zh: '已归档', en: 'archived' },
  merged: { zh: '已并入其他案件', en: 'merged into another case' },
}

/** The title of a case is the sentence of its alarm. What to do, which a box writes behind it, has a place of its own on each page. */
export const titleOf = ({ zh, en }: BilingualText): BilingualText => ({
  zh: zh.split('处置：')[0] || zh,
  en: en.split(' Do: ')[0] || en,
})
