// The sentences about one-time codes for boxes, in both languages.
import type { BilingualText } from '../../../protocols/domain/alarm.ts'

export const codeWords = {
  title: { zh: '网关注册码', en: 'Codes for boxes' },
  hint: {
    zh: '每行一台：编号，名称，序列号（可不写）。写了序列号，只有那台机器能用此码。为在用网关生成的码用于替换它：新机接管，旧机停用。',
    en: 'One box a line: id, name, serial number (both may be left out). With a serial number the code counts for that machine alone. A code for a box in use replaces it: the new machine takes over and the old one is locked out.',
  },
  emptyList: { zh: '下载空白设备清单（XLSX）', en: 'Empty list of devices (XLSX)' },
  list: { zh: '网关', en: 'Boxes' },
  make: { zh: '生成注册码', en: 'Make codes' },
  once: {
    zh: '注册码只显示这一次，请打印或保存。',
    en: 'The codes are shown this once: print or keep them.',
  },
  print: { zh: '打印随机单', en: 'Print the sheets' },
  serial: { zh: '序列号 {serial}', en: 'serial number {serial}' },
  qr: { zh: '{box} 的二维码', en: 'QR code of {box}' },
  what: {
    zh: '用手机相机扫描，按页面提示在网关旁完成登记。',
    en: 'Scan it with the camera of a phone and follow the page at the box.',
  },
  until: { zh: '有效至 {time}', en: 'valid until {time}' },
  open: { zh: '尚未使用的注册码', en: 'Codes that are not used yet' },
  none: { zh: '没有未使用的注册码', en: 'there is none' },
  end: { zh: '作废', en: 'End it' },
  badLine: {
    zh: '第 {line} 行不对：编号，名称，序列号',
    en: 'line {line} is wrong: id, name, serial number',
  },
} satisfies Record<string, BilingualText>
