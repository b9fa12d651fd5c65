// The sentences about how one signs in, in both languages.
import type { BilingualText } from '../../../protocols/domain/alarm.ts'

export const accountWords = {
  account: { zh: '我的登录', en: 'How I sign in' },
  factor: { zh: '动态码（第二因素）', en: 'Second factor' },
  required: { zh: '您的角色必须先设置动态码。', en: 'Your role needs a second factor first.' },
  isOn: { zh: '已启用，剩余恢复码 {count} 个', en: 'on; {count} recovery {count|code is|codes are} left' },
  isOff: { zh: '未启用', en: 'off' },
  setUp: { zh: '设置动态码', en: 'Set it up' },
  remove: { zh: '移除', en: 'Remove it' },
  password: { zh: '当前密码', en: 'Your password' },
  code: { zh: '动态码或恢复码', en: 'Code, or a recovery code' },
  newCode: { zh: '验证器显示的 6 位动态码', en: 'The six digits that the authenticator shows' },
  scan: { zh: '用手机验证器扫描此二维码', en: 'Scan this code with the authenticator on your phone' },
  open: { zh: '在本机的验证器中打开', en: 'Open in the authenticator of this device' },
  secret: { zh: '或手工输入此密钥', en: 'Or type this key into it' },
  go: { zh: '继续', en: 'Go on' },
  confirm: { zh: '确认', en: 'Confirm' },
  recovery: {
    zh: '恢复码只显示这一次，请抄下存放在安全处：手机丢失时每个可用一次。',
    en: 'Recovery codes are shown this once: write them down. Each is good once, when the phone is lost.',
  },
  done: { zh: '我已抄下', en: 'I have written them down' },
  cancel: { zh: '取消', en: 'Cancel' },
  sessions: { zh: '登录中的设备', en: 'Open sessions' },
  own: { zh: '本机', en: 'this one' },
  end: { zh: '结束', en: 'End' },
  since: { zh: '{time} 登录，{address}', en: 'since {time}, from {address}' },
  directoryRefused: {
    zh: '单位账号登录未完成，请重试。',
    en: 'The sign-in by the directory did not succeed: try again.',
  },
  directoryUnknown: {
    zh: '该单位账号在本中心没有权限，请联系管理员。',
    en: 'This account is not known here: ask the administrator.',
  },
  directoryUnreachable: { zh: '单位登录服务暂时无法连接。', en: 'The directory can not be reached now.' },
  directory: { zh: '用单位账号登录', en: "Sign in with the town's account" },
} satisfies Record<string, BilingualText>
