// Every sentence of the responder's page, in both languages.
import type { BilingualText } from '../../protocols/domain/alarm.ts'
import type { CaseOutcome } from '../../protocols/domain/case.ts'
import type { ResponderState } from '../../protocols/desk/responder.ts'

export const words = {
  title: { zh: '更夫 · 出警', en: 'Gengfu · you are sent' },
  opening: { zh: '正在打开…（信号不好时请稍候）', en: 'Opening… (on a bad link this takes a while)' },
  noLink: {
    zh: '地址不完整，请重新打开短信中的链接。',
    en: 'The address is not complete: open the link again.',
  },
  drill: { zh: '演练', en: 'DRILL' },
  to: { zh: '派给：{who}', en: 'For: {who}' },
  where: { zh: '地点', en: 'Where' },
  village: { zh: '村', en: 'Village' },
  grid: { zh: '网格 {name}', en: 'grid cell {name}' },
  lampPost: { zh: '灯杆 {name}', en: 'lamp-post {name}' },
  message: { zh: '值班员说', en: 'The operator says' },
  todo: { zh: '怎么做', en: 'What to do' },
  sent: { zh: '{time} 派出', en: 'sent at {time}' },
  arrive: { zh: '我已到达', en: 'I have arrived' },
  cannot: { zh: '我去不了', en: 'I can not go' },
  why: { zh: '为什么（可不填）', en: 'Why (may be left empty)' },
  cancel: { zh: '取消', en: 'Cancel' },
  report: { zh: '现场情况', en: 'What you found' },
  outcome: { zh: '结果', en: 'Outcome' },
  choose: { zh: '请选择', en: 'choose' },
  done: { zh: '提交结果，处置完毕', en: 'Send: done' },
  note: { zh: '先发一条进展', en: 'Send as news, not done yet' },
  photo: { zh: '拍照', en: 'Take a photo' },
  photoBad: { zh: '这张照片打不开，请再拍一张。', en: 'This photo can not be read: take another one.' },
  photos: { zh: '已收到 {count} 张照片', en: '{count} {count|photo|photos} received' },
  waiting: {
    zh: '{count} 项等待发送，不要关机；有信号会自动发送。',
    en: '{count} {count|waits|wait} to be sent: {count|it goes by itself|they go by themselves} when there is a link.',
  },
  notKept: { zh: '手机存储已满，请不要关闭本页面。', en: 'The phone has no room: do not close this page.' },
  reached: { zh: '已与镇中心同步', en: 'the centre has everything' },
  notReached: { zh: '没有信号，正在重试…', en: 'no link, trying again…' },
  refused: { zh: '未被接受', en: 'Not taken' },
  full: { zh: '等待发送的内容太多，请先找到信号。', en: 'Too much waits to be sent: find a link first.' },
} satisfies Record<string, BilingualText>

export const stateWords: Record<ResponderState, BilingualText> = {
  sent: { zh: '请前往现场', en: 'please go' },
  arrived: { zh: '您已到达', en: 'you have arrived' },
  done: { zh: '结果已提交，谢谢。由另一人核查。', en: 'Reported, thank you. A second person verifies it.' },
  cannot: { zh: '已告知值班员您去不了。', en: 'The operator knows that you can not go.' },
  over: { zh: '案件已结束。', en: 'The case is over.' },
}

export const outcomeWords: Record<CaseOutcome, BilingualText> = {
  real: { zh: '属实，已处置', en: 'it was real, dealt with' },
  'false-alarm': { zh: '误报', en: 'false alarm' },
  test: { zh: '测试', en: 'a test' },
  'no-access': { zh: '无法进入', en: 'could not get in' },
  'no-action-needed': { zh: '无需处置', en: 'nothing to be done' },
}
