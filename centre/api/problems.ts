// All refusals of the API by code: the HTTP status and the sentence for a person, in both languages.
import type { ConflictAnswer, DeskAlarm, ErrorAnswer } from '../../protocols/desk/api.ts'

interface Wording {
  status: number
  zh: string
  en: string
}

const wordings = {
  'bad-request': { status: 400, zh: '请求格式不正确', en: 'the request does not match openapi.json' },
  'bad-cursor': { status: 400, zh: '分页游标无效', en: 'after is not a cursor of this centre' },
  unauthenticated: { status: 401, zh: '请先登录', en: 'log in first' },
  'wrong-password': { status: 401, zh: '用户名或密码错误', en: 'wrong user name or password' },
  'code-needed': {
    status: 401,
    zh: '请输入验证器上的动态码',
    en: 'the code of your authenticator is needed',
  },
  'wrong-code': { status: 401, zh: '动态码错误或已用过', en: 'the code is wrong, or was used before' },
  'enrol-first': {
    status: 403,
    zh: '请先设置动态码（第二因素）',
    en: 'set up your second factor first',
  },
  'factor-stands': {
    status: 409,
    zh: '已有动态码：请先移除',
    en: 'there is a second factor already: remove it first',
  },
  'other-version': {
    status: 409,
    zh: '他人刚刚改过：请重新读取后再改',
    en: 'another person has changed it meanwhile: read it again first',
  },
  'user-exists': { status: 409, zh: '已有同名用户', en: 'there is a user of that name' },
  'own-account': {
    status: 409,
    zh: '不能在此修改自己的账号：请另一位管理员操作',
    en: 'this is your own account: another administrator has to do this',
  },
  'last-admin': {
    status: 409,
    zh: '至少要保留一位可用的全镇管理员',
    en: 'one administrator of the whole town has to remain',
  },
  'bad-password': { status: 400, zh: '密码不合要求', en: 'the password is not good enough' },
  forbidden: { status: 403, zh: '您的角色不能执行此操作', en: 'your role may not do this' },
  'foreign-origin': {
    status: 403,
    zh: '请求来自其他网站；若经反向代理访问，请让代理转发 Host（见日志）',
    en: 'the request comes from another site; a reverse proxy must forward the Host header (see the log)',
  },
  'not-found': { status: 404, zh: '没有找到', en: 'not found' },
  'box-present': {
    status: 409,
    zh: '该网关仍在线，不能注销；请先停用网关',
    en: 'this box still sends: switch it off first; only a box that is gone can be retired',
  },
  'already-accepted': { status: 409, zh: '该报警已由他人接警', en: 'another person has accepted this alarm' },
  'wrong-step': {
    status: 409,
    zh: '当前步骤不能这样做',
    en: 'this step is not allowed in the present state of the case',
  },
  'same-person': {
    status: 409,
    zh: '须由另一人核查',
    en: 'a second person has to do this: not the one who has the case, nor the one who gave the feedback',
  },
  'open-actions': {
    status: 409,
    zh: '尚有必做事项未完成；主管可写明原因后归档',
    en: 'required actions are open; a supervisor may archive with a reason',
  },
  'alarm-active': {
    status: 409,
    zh: '报警仍未解除；主管可写明原因后归档',
    en: 'an alarm of this case is still active; a supervisor may archive with a reason',
  },
  'needs-reason': {
    status: 400,
    zh: '请写明原因或内容',
    en: 'a text with the reason or content is required',
  },
  'too-many-entries': { status: 409, zh: '该案件的记录已满', en: 'this case is full' },
  'no-enrolment': {
    status: 404,
    zh: '本中心不签发网关证书（配置中没有 enrolment）',
    en: 'this centre signs no certificates for boxes: its configuration has no section enrolment',
  },
  'box-in-use': {
    status: 403,
    zh: '该网关已在使用：更换它的注册码须由维护员或主管生成',
    en: 'this box is in use: a maintainer or a supervisor has to make the code that replaces it',
  },
  'no-code': {
    status: 404,
    zh: '注册码无效、已用过或已过期：请向镇中心索取新码',
    en: 'this code is not valid, was used already, or has expired: ask the town centre for a new one',
  },
  'wrong-machine': {
    status: 403,
    zh: '此注册码是为另一台机器准备的（序列号不符）',
    en: 'this code was made for another machine: the serial numbers differ',
  },
  'too-many-codes': {
    status: 409,
    zh: '未使用的注册码太多，请先作废一些',
    en: 'too many codes are open: end some of them first',
  },
  'too-many-guesses': {
    status: 429,
    zh: '尝试过多，请稍后再试',
    en: 'too many attempts: try again in a minute',
  },
  'certificate-over': {
    status: 403,
    zh: '该证书已作废或不是本中心签发：请用新的注册码',
    en: 'this certificate was revoked, or is not of this centre: enrol with a new code',
  },
  'setting-under-way': {
    status: 409,
    zh: '另一项设置正在分批修改：请等它结束或停止',
    en: 'another setting is on its way through the boxes: wait until it has ended or stopped',
  },
  'no-link': {
    status: 404,
    zh: '链接无效，请向镇中心索取',
    en: 'this link is not known: ask the centre for one',
  },
  'no-picture-yet': {
    status: 404,
    zh: '尚无图片，请稍后再打开；链接未被用掉',
    en: 'no picture yet: open the link again in a moment; it is not used up',
  },
  'link-expired': {
    status: 410,
    zh: '链接已失效，请向镇中心索取新链接',
    en: 'this link is over: ask the centre for a new one',
  },
  'link-used': {
    status: 409,
    zh: '链接已在另一部手机上打开，请向镇中心索取新链接',
    en: 'this link was opened on another phone: ask the centre for a new one',
  },
  'case-over': {
    status: 409,
    zh: '案件已结束，如有情况请致电镇中心',
    en: 'the case is over: call the centre',
  },
  'no-such-file-type': {
    status: 415,
    zh: '只接受完整的 JPEG、PNG 或 PDF 文件，且须与所称类型一致',
    en: 'only whole JPEG, PNG or PDF files, and of the type that was said',
  },
  'no-room': {
    status: 507,
    zh: '附件空间已满，请联系管理员',
    en: 'no room for files: tell the administrator',
  },
  'too-large': { status: 413, zh: '请求内容过大', en: 'the request is too large' },
  'wrong-type': { status: 415, zh: '请求内容必须是 JSON', en: 'the body must be JSON' },
  'too-many-tries': {
    status: 429,
    zh: '尝试次数过多，请五分钟后再试',
    en: 'too many tries: wait five minutes',
  },
  'too-many-commands': {
    status: 429,
    zh: '该网关待完成的命令过多，请稍后再试',
    en: 'too many commands of this box are under way: try again later',
  },
  busy: { status: 503, zh: '中心繁忙，请稍后再试', en: 'the centre is busy: try again in a moment' },
  'storage-failing': {
    status: 503,
    zh: '中心数据库暂时无法写入，请稍后重试',
    en: "the centre's database can not be used now: try again soon",
  },
  internal: { status: 500, zh: '中心内部错误，已记录', en: 'an error inside the centre; it is in the log' },
} as const satisfies Record<string, Wording>

/** What a case's workflow refuses. */
export const problemOfRefusal = {
  'wrong-step': 'wrong-step',
  held: 'already-accepted',
  'same-person': 'same-person',
  'open-actions': 'open-actions',
  'alarm-active': 'alarm-active',
  'needs-reason': 'needs-reason',
  'no-such-action': 'not-found',
  'no-such-entry': 'not-found',
  'too-many': 'too-many-entries',
} as const

export type ProblemCode = keyof typeof wordings

export const statusOf = (code: ProblemCode): number => wordings[code].status

/** Text added to both sentences, or one for each. */
export type Detail = string | { zh: string; en: string }

/** Thrown by a route to refuse; `detail` is added to both sentences. */
export class ApiProblem extends Error {
  readonly code: ProblemCode
  readonly detail: Detail
  /** The alarm that another person has accepted. */
  readonly alarm: DeskAlarm | undefined

  constructor(code: ProblemCode, detail: Detail = '', alarm?: DeskAlarm) {
    super(detail === '' ? code : `${code}: ${typeof detail === 'string' ? detail : detail.en}`)
    this.name = 'ApiProblem'
    this.code = code
    this.detail = detail
    this.alarm = alarm
  }
}

export function errorAnswer(
  code: ProblemCode,
  detail: Detail = '',
  alarm?: DeskAlarm,
): ErrorAnswer | ConflictAnswer {
  const { zh, en } = wordings[code]
  const more = typeof detail === 'string' ? { zh: detail, en: detail } : detail
  const message = detail === '' ? { zh, en } : { zh: `${zh}：${more.zh}`, en: `${en}: ${more.en}` }
  return { error: { code, message }, ...(alarm ? { alarm } : {}) }
}
