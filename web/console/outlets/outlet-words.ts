// The console's words about receivers outside.
import type { BilingualText } from '../../../protocols/domain/alarm.ts'

export const outletWords = {
  title: { zh: '对外出口', en: 'Receivers outside' },
  waiting: { zh: '等待 {count} 条', en: '{count} waiting' },
  drills: { zh: '接收演练', en: 'takes drills' },
  fails: { zh: '异常：{words}', en: 'fails: {words}' },
  well: { zh: '无异常', en: 'no trouble' },
  last: { zh: '上次应答：{words}', en: 'last answer: {words}' },
  bytes: { zh: '只看内容', en: 'Show the bytes' },
  test: { zh: '发送测试', en: 'Send a test' },
  sure: { zh: '确认发送测试给 {label}', en: 'Yes, send a test to {label}' },
  busy: { zh: '正在等待应答…', en: 'waiting for the answer…' },
  shown: { zh: '以下内容未发送', en: 'these bytes were not sent' },
  taken: { zh: '对方已收下：{words}', en: 'it was taken: {words}' },
  refused: { zh: '对方未收下：{words}', en: 'it was not taken: {words}' },
  name: { zh: '您的姓名（测试会记录）', en: 'Your name (a test is written down)' },
  failed: { zh: '网关没有回答，请重试。', en: 'The gateway did not answer: try again.' },
} satisfies Record<string, BilingualText>
