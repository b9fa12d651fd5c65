// The sentences of the page behind a box's QR code, in both languages.
import type { BilingualText } from '../../protocols/domain/alarm.ts'

export const words = {
  title: { zh: '登记一台村庄网关', en: 'Enrol a village box' },
  noCode: {
    zh: '此地址中没有注册码，或有一个字符错误。请重新扫描二维码，或向镇中心索取新码。',
    en: 'This address holds no code, or one character of it is wrong. Scan the QR code again, or ask the centre for a new one.',
  },
  about: {
    zh: '此注册码让一台网关得到名称、证书和通往镇中心的路。只能使用一次，请勿转发。',
    en: 'With this code one box gets its name, its certificate and its way to the centre. It can be used once: do not pass it on.',
  },
  local: {
    zh: '注册码只在本机显示，不发送给任何服务器。',
    en: 'The code is shown on this device only and is sent to no server.',
  },
  steps: { zh: '在网关旁', en: 'At the box' },
  power: {
    zh: '给网关接通电源和网络，等待约一分钟。',
    en: 'Connect the box to power and network, and wait for a minute.',
  },
  console: {
    zh: '手机连接同一个网络，打开 http://gengfu.local（或网关标签上的地址）。',
    en: 'Join the same network with the phone and open http://gengfu.local, or the address on the label of the box.',
  },
  take: {
    zh: '在“连接镇中心”一步输入下面的注册码和中心地址，或上传下面二维码的照片。',
    en: 'At the step about the centre type the code and the address of the centre from below, or give it a photo of the QR code below.',
  },
  command: {
    zh: '没有手机时，在网关上运行这条命令：',
    en: 'Without a phone, run this command on the box:',
  },
  restart: {
    zh: '网关随后自动连接，镇中心的“网关健康”页会显示它。',
    en: 'The box then connects by itself, and the fleet page of the centre shows it.',
  },
  code: { zh: '注册码', en: 'Code' },
  centre: { zh: '中心地址', en: 'Address of the centre' },
  qr: { zh: '注册码的二维码', en: 'QR code of the box' },
  save: { zh: '保存二维码图片', en: 'Save the QR code as a picture' },
  copy: { zh: '复制注册码', en: 'Copy the code' },
  copied: { zh: '已复制', en: 'copied' },
} satisfies Record<string, BilingualText>
