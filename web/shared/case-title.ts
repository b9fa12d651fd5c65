// The title of a case is the sentence of its alarm. What to do, which a box writes behind it, has a place of its own on each page.
import type { BilingualText } from '../../protocols/domain/alarm.ts'

export const titleOf = ({ zh, en }: BilingualText): BilingualText => ({
  zh: zh.split('处置：')[0] || zh,
  en: en.split(' Do: ')[0] || en,
})
