// Every way in which a camera can fail, each with an instruction for the installer, in both languages.
import { lookup } from '../../../protocols/kit/parse-json.ts'
import type { Reason } from '../port.ts'
import { codeOf } from '../../../platform/failure.ts'

type Facts = Record<string, string | number>

const sentences = {
  'no-answer': {
    zh: '摄像机没有应答：请检查电源、网线和地址',
    en: 'the camera does not answer: check power, cable and address',
  },
  refused: { zh: '摄像机拒绝连接：请检查端口号', en: 'the camera refuses the connection: check the port' },
  'name-unknown': {
    zh: '找不到这个主机名：请改用 IP 地址',
    en: 'the host name is not known: use the IP address',
  },
  'no-route': { zh: '网络不通：网关没有到摄像机的路由', en: 'no route from the box to the camera' },
  reset: { zh: '摄像机中途断开连接', en: 'the camera broke off in the middle of its answer' },
  slow: { zh: '摄像机太慢：在时限内没有答完', en: 'the camera is too slow: not done within the time limit' },
  'too-large': {
    zh: '摄像机的应答过大或没有尽头',
    en: 'the answer of the camera is too large or has no end',
  },
  'bad-http': { zh: '摄像机的应答不是 HTTP', en: 'the answer of the camera is not HTTP' },
  'bad-rtsp': { zh: '摄像机的视频端口应答的不是 RTSP', en: 'the answer of the video port is not RTSP' },
  'own-address': {
    zh: '这个主机名指向网关自己，已拒绝：请改用摄像机的 IP 地址',
    en: 'this host name leads to the box itself, which is refused: use the IP address of the camera',
  },
  'http-error': { zh: '摄像机用错误代码应答', en: 'the camera answers with an error code' },
  'not-found': {
    zh: '摄像机上没有这个网页地址：请填写 snapshotPath',
    en: 'the camera has no such page: set snapshotPath',
  },
  'wrong-password': {
    zh: '用户名或密码不对',
    en: 'wrong user or password',
  },
  'wrong-clock': {
    zh: '登录被拒绝：密码不对，或摄像机的时钟不对（请校时）',
    en: 'the sign-in is refused: wrong password, or the clock of the camera is wrong (set it)',
  },
  'snapshot-refused': {
    zh: '抓拍网页不接受这个帐号，ONVIF 接受',
    en: 'the snapshot page does not take this account, ONVIF does',
  },
  'basic-refused': {
    zh: '摄像机要求明文密码，以前不要：没有发送；确实需要时请设置 auth: basic',
    en: 'the camera asks for the password in plain text and did not before: not sent; if it is meant, set auth: basic',
  },
  'no-password': { zh: '摄像机要求用户名和密码', en: 'the camera asks for a user and a password' },
  'unknown-auth': {
    zh: '摄像机要求一种不支持的登录方式',
    en: 'the camera asks for a way to sign in that is not supported',
  },
  'certificate-changed': {
    zh: '摄像机的证书变了：如已更换摄像机请确认，否则可能有人冒充',
    en: 'the certificate of the camera changed: confirm if it was replaced; otherwise another device may imitate it',
  },
  'tls-failed': {
    zh: '加密连接失败：请检查端口和 tls 设置',
    en: 'the encrypted connection failed: check port and tls',
  },
  'not-onvif': {
    zh: '有应答，但不是 ONVIF：请检查端口，并在摄像机里打开 ONVIF',
    en: 'it answers, but not as ONVIF does: check the port and switch ONVIF on in the camera',
  },
  'onvif-fault': { zh: '摄像机拒绝了 ONVIF 请求', en: 'the camera refused the ONVIF request' },
  'picture-too-large': {
    zh: '图片的像素太多：请在摄像机里选较小的分辨率',
    en: 'the picture has too many pixels: choose a smaller size in the camera',
  },
  'foreign-host': {
    zh: '摄像机指向另一个地址，已拒绝',
    en: 'the camera points to another address, which is refused',
  },
  'not-a-picture': {
    zh: '摄像机送来的不是图片（也许是错误网页）',
    en: 'the camera sent no picture (perhaps an error page)',
  },
  'broken-picture': { zh: '图片残缺或损坏', en: 'the picture is cut off or damaged' },
  'no-picture-source': {
    zh: '摄像机既没有抓拍地址也没有视频流',
    en: 'the camera offers neither a snapshot nor a stream',
  },
  'stream-not-found': {
    zh: '摄像机上没有这个视频地址：请填写 streamPath',
    en: 'the camera has no such stream: set streamPath',
  },
  'stream-forbidden': {
    zh: '这个帐号不许看视频：请在摄像机里给它观看权限',
    en: 'this account may not see the stream: let it view in the camera',
  },
  'camera-busy': {
    zh: '摄像机正忙：请减少同时观看它的程序',
    en: 'the camera is busy: fewer programs should watch it at once',
  },
  'picture-kind': {
    zh: '摄像机送来的图片不是能处理的一种：请在摄像机里选 JPEG',
    en: 'the camera sends a kind of picture that is not supported: choose JPEG in the camera',
  },
  'stream-failed': { zh: '视频流里取不到图片', en: 'no picture could be taken from the video stream' },
  'ffmpeg-missing': {
    zh: '没有安装 ffmpeg，取不到视频流的图片',
    en: 'ffmpeg is not installed: no picture from a video stream',
  },
  'ffmpeg-old': { zh: 'ffmpeg 太旧，需要 5 或更新', en: 'ffmpeg is too old: 5 or newer is needed' },
  busy: { zh: '摄像机还在忙于上一张图片', en: 'the camera is still busy with the picture before' },
  'disk-full': { zh: '磁盘已满或不可写，图片没有保存', en: 'disk full or not writable: picture not kept' },
  'work-failed': { zh: '图片处理失败，没有保存', en: 'the picture could not be processed and was not kept' },
  'program-failed': {
    zh: '网关里的摄像机程序反复失败：请查看日志',
    en: 'the camera program of the box keeps failing: see its log',
  },
  frozen: { zh: '图片静止不变：摄像机可能卡死', en: 'the picture never changes: the camera may hang' },
  dark: { zh: '图片全黑', en: 'the picture is dark' },
  covered: { zh: '镜头被遮挡', en: 'the lens is covered' },
  'unknown-camera': { zh: '没有这个摄像机', en: 'there is no such camera' },
  'no-key': {
    zh: '没有设置密钥文件，不能保存密码',
    en: 'no key file is set, so that passwords can not be kept',
  },
  'password-file': {
    zh: '这台摄像机的密码来自配置里的 passwordFile：请改那个文件',
    en: 'the password of this camera comes from passwordFile of the configuration: change that file',
  },
  stopped: { zh: '程序正在停止', en: 'the program is stopping' },
} as const

export type ProblemCode = keyof typeof sentences
export const problemCodes = Object.keys(sentences) as ProblemCode[]

export const isProblemCode = (word: unknown): word is ProblemCode =>
  typeof word === 'string' && Object.hasOwn(sentences, word)

/** The plain reason for a code, with numbers if they help. */
export function reasonOf(code: ProblemCode, detail = ''): Reason {
  const { zh, en } = sentences[code]
  return { code, text: { zh: detail ? `${zh}（${detail}）` : zh, en: detail ? `${en} (${detail})` : en } }
}

/** The world failed: thrown by all code that communicates with a camera. Its message never contains a credential. */
export class CameraProblem extends Error {
  readonly code: ProblemCode
  readonly reason: Reason
  readonly facts: Facts
  /** Numbers for the sentence. */
  readonly detail: string

  /** `also`: the other way to a picture failed too, with its reason. */
  constructor(
    code: ProblemCode,
    options: { detail?: string; facts?: Facts; cause?: unknown; also?: CameraProblem } = {},
  ) {
    super(reasonOf(code, options.detail).text.en, options.cause === undefined ? {} : { cause: options.cause })
    this.name = 'CameraProblem'
    this.code = code
    this.detail = options.detail ?? ''
    this.reason = reasonOf(code, options.detail)
    if (options.also) {
      const { zh, en } = options.also.reason.text
      this.reason.text = {
        zh: `${this.reason.text.zh}；另一种取图方式：${zh}`,
        en: `${this.reason.text.en}; the other way to a picture: ${en}`,
      }
    }
    this.facts = options.facts ?? {}
  }

  /** False when trying again without a person changes nothing and may lock the account. */
  get isRetryable(): boolean {
    return !this.isSignIn && this.code !== 'certificate-changed'
  }

  /**
   * The camera refuses our sign-in: it is not asked for a while, because many cameras lock an account after a few
   * attempts.
   */
  get isSignIn(): boolean {
    return ['wrong-password', 'wrong-clock', 'no-password', 'unknown-auth', 'basic-refused'].includes(
      this.code,
    )
  }
}

const socketCodes: Record<string, ProblemCode> = lookup({
  ECONNREFUSED: 'refused',
  ENOTFOUND: 'name-unknown',
  EAI_AGAIN: 'name-unknown',
  EHOSTUNREACH: 'no-answer',
  ENETUNREACH: 'no-route',
  EADDRNOTAVAIL: 'no-route',
  ETIMEDOUT: 'no-answer',
  ECONNRESET: 'reset',
  EPIPE: 'reset',
  ENOSPC: 'disk-full',
  EDQUOT: 'disk-full',
  EROFS: 'disk-full',
  EACCES: 'disk-full',
  EIO: 'disk-full',
})

/** Any failure as a CameraProblem; `otherwise` if there is no code for it. */
export function toProblem(error: unknown, otherwise: ProblemCode): CameraProblem {
  if (error instanceof CameraProblem) return error
  const code = codeOf(error)
  const known = socketCodes[code]
  if (known) return new CameraProblem(known, { cause: error })
  if (code.startsWith('HPE_')) return new CameraProblem('bad-http', { cause: error })
  if (code.startsWith('ERR_SSL') || code.startsWith('ERR_TLS')) {
    return new CameraProblem('tls-failed', { cause: error })
  }
  return new CameraProblem(otherwise, { cause: error })
}
