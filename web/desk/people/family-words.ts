// The sentences about families who asked for notices, in both languages.
import type { BilingualText } from '../../../protocols/domain/alarm.ts'

export const familyWords = {
  families: { zh: '家属知情', en: 'Families who are told' },
  hint: {
    zh: '本人（住户）同意后，家属可凭链接看到“报警”与“结束”，没有图片和其他内容；到期自动删除。',
    en: 'With the consent of the household its family sees "raised" and "ended" by a link, no picture and nothing else. Deleted after its term.',
  },
  label: { zh: '称呼（如：女儿）', en: 'Who (such as: daughter)' },
  box: { zh: '网关编号', en: 'Box id' },
  zone: { zh: '住户（区域编号）', en: 'Household (zone id)' },
  agreed: {
    zh: '住户本人与家属都已同意，并知道期限',
    en: 'The household and the family agreed and know the term',
  },
  link: { zh: '家属的链接（只显示这一次）', en: "The family's link (shown this once)" },
  close: { zh: '收起', en: 'Close' },
  end: { zh: '停止并删除', en: 'Stop and delete' },
} satisfies Record<string, BilingualText>
