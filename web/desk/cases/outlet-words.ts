// Words of the receivers of a case.
import type { BilingualText } from '../../../protocols/domain/alarm.ts'
import type { DeliveryState } from '../../../protocols/desk/outlets.ts'

export const outletWords = {
  title: { zh: '对外发送', en: 'Sent to' },
  send: { zh: '发送给 {label}', en: 'Send to {label}' },
  sure: { zh: '确认发送给 {label}', en: 'Yes, send to {label}' },
  call: { zh: '用 {label} 回拨住户', en: 'Call the household by {label}' },
  sureCall: { zh: '确认回拨住户', en: 'Yes, call the household' },
  connect: { zh: '用 {label} 接通我与住户', en: 'Connect me with the household by {label}' },
  sureConnect: { zh: '确认：我的电话先响', en: 'Yes: my telephone rings first' },
  attempts: { zh: '已试 {count} 次', en: '{count} {count|attempt|attempts}' },
} satisfies Record<string, BilingualText>

export const deliveryWords: Record<DeliveryState, BilingualText> = {
  waiting: { zh: '等待送出', en: 'waiting' },
  'handed-over': { zh: '已交出', en: 'handed over' },
  confirmed: { zh: '已确认', en: 'confirmed' },
  failed: { zh: '未送达', en: 'failed' },
}

/** A state is never shown by colour alone. */
export const deliverySigns: Record<DeliveryState, string> = {
  waiting: '…',
  'handed-over': '→',
  confirmed: '✓',
  failed: '✕',
}
