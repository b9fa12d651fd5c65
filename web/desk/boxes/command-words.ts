// The sentences about commands, in both languages.
import type { BilingualText } from '../../../protocols/domain/alarm.ts'
import type { DeskCommand, DeskCommandState } from '../../../protocols/desk/commands.ts'

export const commandWords: Record<DeskCommand['do'], BilingualText> = {
  arm: { zh: '布防', en: 'Arm' },
  disarm: { zh: '撤防', en: 'Disarm' },
  bypass: { zh: '旁路设备', en: 'Bypass a device' },
  shelve: { zh: '搁置报警', en: 'Shelve an alarm' },
  siren: { zh: '鸣响警号', en: 'Siren' },
  snapshot: { zh: '现场图片', en: 'Picture now' },
  burst: { zh: '密集上报', en: 'Report quickly' },
  bulletin: { zh: '广播与显示', en: 'Bulletin' },
  device: { zh: '设备命令', en: 'Device command' },
  config: { zh: '修改配置', en: 'Change configuration' },
  update: { zh: '更新程序', en: 'Update' },
  support: { zh: '诊断包', en: 'Support bundle' },
  console: { zh: '开放控制台', en: 'Open the console' },
}

export const commandStateWords: Record<DeskCommandState, BilingualText> = {
  waiting: { zh: '待发送（网关未连接）', en: 'waiting: the box is not connected' },
  sent: { zh: '已发出', en: 'sent' },
  received: { zh: '网关正在执行', en: 'in progress' },
  done: { zh: '已完成', en: 'done' },
  refused: { zh: '被拒绝', en: 'refused' },
  failed: { zh: '失败', en: 'failed' },
  expired: { zh: '已过期，未执行', en: 'too late, not done' },
  unanswered: { zh: '无答复，是否执行不详', en: 'no answer: not known whether it was done' },
}

export const commandSymbols: Record<DeskCommandState, string> = {
  waiting: '…',
  sent: '→',
  received: '↻',
  done: '✓',
  refused: '✕',
  failed: '✕',
  expired: '✕',
  unanswered: '?',
}

export const askWords = {
  siren: { zh: '鸣响 {which} {seconds} 秒？', en: 'Sound {which} for {seconds} s?' },
  sirenButton: { zh: '鸣响 {which}', en: 'Sound {which}' },
  theSiren: { zh: '警号', en: 'the siren' },
  stopSiren: { zh: '停止警号（还剩 {left}）', en: 'Stop the siren ({left} left)' },
  disarm: {
    zh: '撤防全村？撤防后门窗入侵不再报警。',
    en: 'Disarm the village? Doors and windows will raise no alarm.',
  },
  arm: { zh: '布防全村？', en: 'Arm the village?' },
  yes: { zh: '确定', en: 'Yes' },
  no: { zh: '取消', en: 'No' },
  asking: { zh: '正在下达…', en: 'Asking…' },
  control: { zh: '布防 / 撤防', en: 'Arm / disarm' },
  missed: { zh: '未到达：{names}', en: 'not reached: {names}' },
  commands: { zh: '已下达的命令', en: 'What was asked of the box' },
} satisfies Record<string, BilingualText>
