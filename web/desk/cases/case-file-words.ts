// The sentences about links for people at the scene and about the files of a case, in both languages.
import type { BilingualText } from '../../../protocols/domain/alarm.ts'

export const caseFileWords = {
  links: { zh: '现场链接', en: 'Links for the scene' },
  linksHint: {
    zh: '只显示这一次。把链接发给本人：第一部打开它的手机才能使用。',
    en: 'Shown this once. Pass each on to its person: the first phone that opens it keeps it.',
  },
  linkFor: { zh: '给 {who}', en: 'For {who}' },
  copy: { zh: '复制', en: 'Copy' },
  copied: { zh: '已复制', en: 'Copied' },
  close: { zh: '收起', en: 'Close' },
  files: { zh: '附件', en: 'Files' },
  add: { zh: '添加（JPEG、PNG、PDF，8 MB 以内）', en: 'Add (JPEG, PNG, PDF, up to 8 MB)' },
  looked: { zh: '每次查看都会留痕', en: 'each look is kept in the audit' },
  gone: { zh: '已过保存期', en: 'deleted after its term' },
  onDuty: { zh: '当前值班，最近的在前', en: 'On duty now, the nearest first' },
  nobody: { zh: '名册上现在没有人值班', en: 'Nobody of the roster is on duty now' },
  metres: { zh: '{count} 米', en: '{count} m' },
} satisfies Record<string, BilingualText>
