// The console's words about claim, sign-in and its places.

export const accessWords = {
  failed: { zh: '网关没有回答，请重试。', en: 'The gateway did not answer: try again.' },
  row: { zh: '第 {row} 行', en: 'row {row}' },
  claimTitle: { zh: '认领这台网关', en: 'Claim this box' },
  claimHint: {
    zh: '认领码印在网关的标签上，也在它的日志里（gengfu gateway console status）。',
    en: 'The claim code is on the label of the box and in its log (gengfu gateway console status).',
  },
  code: { zh: '认领码', en: 'Claim code' },
  name: { zh: '您的姓名', en: 'Your name' },
  password: { zh: '密码', en: 'Password' },
  newPassword: { zh: '设一个密码（至少 10 个字符）', en: 'Choose a password (10 characters or more)' },
  again: { zh: '再输一次密码', en: 'The password once more' },
  differ: { zh: '两次密码不同。', en: 'The two passwords differ.' },
  claim: { zh: '认领', en: 'Claim' },
  signInTitle: { zh: '登录', en: 'Sign in' },
  signIn: { zh: '登录', en: 'Sign in' },
  signOut: { zh: '退出', en: 'Sign out' },
  asking: { zh: '正在询问网关…', en: 'Asking the gateway…' },
  places: { zh: '页面', en: 'Pages' },
  status: { zh: '状态', en: 'Status' },
  setup: { zh: '开通', en: 'Set up' },
  devices: { zh: '设备', en: 'Devices' },
  walk: { zh: '走测', en: 'Walk test' },
  handover: { zh: '交接单', en: 'Handover' },
  settings: { zh: '设置', en: 'Settings' },
  openFor: { zh: '村内网络还可访问 {minutes} 分钟', en: 'open to the village for {minutes} min' },
  plain: {
    zh: '此页不加密：请只在网关自己的网络或网线上输入密码。',
    en: 'This page is not encrypted: type a password only on a cable or network of the box itself.',
  },
}
