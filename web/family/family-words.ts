// Every sentence of the family's page, in both languages.
import type { BilingualText } from '../../protocols/domain/alarm.ts'

export const words = {
  title: { zh: '更夫 · 家属', en: 'Gengfu · family' },
  opening: { zh: '正在打开…', en: 'Opening…' },
  noLink: { zh: '地址不完整，请重新打开链接。', en: 'The address is not complete: open the link again.' },
  quiet: { zh: '目前没有报警。', en: 'No alarm now.' },
  raisedNow: { zh: '有报警，正在处理。', en: 'An alarm was raised; it is being dealt with.' },
  raisedHint: {
    zh: '镇中心已收到。请保持电话畅通；本页面会自动更新。',
    en: 'The town centre has it. Keep your telephone free; this page updates by itself.',
  },
  raised: { zh: '报警', en: 'raised' },
  ended: { zh: '结束', en: 'ended' },
  until: { zh: '本链接有效至 {time}', en: 'this link is valid until {time}' },
  leave: { zh: '不再接收…', en: 'Stop telling me…' },
  leaveSure: { zh: '确定不再接收并删除', en: 'Yes, stop and delete this entry' },
  over: { zh: '链接已失效或已退出。', en: 'This link is over.' },
  reached: { zh: '已更新', en: 'up to date' },
  lost: { zh: '没有信号，正在重试…', en: 'no link, trying again…' },
} satisfies Record<string, BilingualText>
