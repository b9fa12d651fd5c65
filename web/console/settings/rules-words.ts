// The console's words about local rules and about who may connect as a device.

export const rulesWords = {
  title: { zh: '本地规则', en: 'Local rules' },
  hint: {
    zh: '有报警时村里自己做什么，不需要中心。',
    en: 'What the village does by itself for an alarm, with or without the centre.',
  },
  none: { zh: '还没有规则。', en: 'No rules yet.' },
  noActor: {
    zh: '先登记警号、灯、显示屏或喇叭，再设规则。',
    en: 'Take in a siren, a lamp, a sign or a loudspeaker first.',
  },
  add: { zh: '添加规则', en: 'Add a rule' },
  change: { zh: '更改', en: 'Change' },
  remove: { zh: '删除', en: 'Remove' },
  keep: { zh: '保存', en: 'Save' },
  cancel: { zh: '取消', en: 'Cancel' },
  when: { zh: '什么时候', en: 'When' },
  colours: { zh: '报警颜色（不选为全部）', en: 'Colour of the alarm (none chosen: every one)' },
  kinds: { zh: '报警种类（不选为全部）', en: 'Kind of the alarm (none chosen: every one)' },
  zones: { zh: '防区（不选为全部）', en: 'Zone (none chosen: every one)' },
  times: { zh: '只在一天中的这段时间', en: 'Only at this time of the day' },
  from: { zh: '从', en: 'from' },
  to: { zh: '到', en: 'to' },
  device: { zh: '设备', en: 'Device' },
  command: { zh: '动作', en: 'It will' },
  text: { zh: '文字', en: 'Text' },
  seconds: { zh: '最多多少秒', en: 'For at most so many seconds' },
  all: { zh: '任何报警', en: 'any alarm' },
  line: { zh: '{when} → {device}：{command}', en: '{when} → {device}: {command}' },
  listener: { zh: '谁可以作为设备连接', en: 'Who may connect as a device' },
  listenerBox: { zh: '只有网关本机的程序', en: 'Programs on the box only' },
  listenerTls: {
    zh: '村内网络的设备，加密（推荐）：各用自己的密码',
    en: 'Devices of the village network, encrypted (recommended): each with its own password',
  },
  listenerPlain: {
    zh: '村内网络的设备，不加密：密码会以明文经过村内网络',
    en: 'Devices of the village network, not encrypted: passwords cross that network in clear',
  },
  listenerPort: { zh: '端口（留空为 8883 或 1883）', en: 'Port (empty: 8883 or 1883)' },
  listenerNow: { zh: '现在：{list}', en: 'Now: {list}' },
  encrypted: { zh: '加密', en: 'encrypted' },
  plain: { zh: '不加密', en: 'not encrypted' },
  anonymous: {
    zh: '注意：配置文件允许没有密码的设备连接（mqtt.anonymous）。',
    en: 'Note: the file of the box lets devices without a password in (mqtt.anonymous).',
  },
  authority: {
    zh: '下载设备要信任的证书（ca.crt）',
    en: 'Download the certificate that devices must trust (ca.crt)',
  },
}
