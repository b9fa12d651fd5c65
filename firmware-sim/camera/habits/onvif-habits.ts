// Habits of ONVIF services: the clock that checks a sign-in, the addresses of services, which of them answers.
import { notAuthorized, notSupported, type OnvifCall, type OnvifHabit } from './onvif-camera.ts'

const hourMs = 3_600_000
/** In the answer with its time only. */
const inTime =
  (change: (xml: string) => string) =>
  ({ operation, usual }: OnvifCall) =>
    operation === 'GetSystemDateAndTime' ? { xml: change(usual) } : undefined

/** The reported hour is this many hours later than its clock. */
const hoursLater =
  (hours: number) =>
  (xml: string): string =>
    xml.replace(/<tt:Hour>(\d+)/, (_, hour: string) => `<tt:Hour>${(Number(hour) + hours + 24) % 24}`)

const ownTime = {
  zh: '先用摄像机报的时间签名，再用网关自己的，然后用其他可能的，各一次',
  en: 'signs by the time that the camera tells, then by our own, then by the other candidates, each once',
}

export const clockHabits: OnvifHabit[] = [
  {
    name: 'time-not-told',
    does: { zh: '不告诉时间', en: 'does not tell its time' },
    we: ownTime,
    isSigned: true,
    serve: ({ operation }) => (operation === 'GetSystemDateAndTime' ? notSupported : undefined),
  },
  {
    name: 'time-told-signed-only',
    does: { zh: '登录以后才告诉时间', en: 'tells its time to whoever has signed in only' },
    we: ownTime,
    isSigned: true,
    isTimeSigned: true,
  },
  {
    name: 'time-told-locally',
    does: { zh: '只告诉当地时间', en: 'tells its local time only' },
    we: ownTime,
    isSigned: true,
    serve: inTime((xml) => hoursLater(8)(xml).replaceAll('UTCDateTime', 'LocalDateTime')),
  },
  {
    name: 'local-time-of-a-wrong-clock',
    does: {
      zh: '时钟慢十天，只告诉当地时间和时区',
      en: 'is ten days late and tells its local time and time zone only',
    },
    we: ownTime,
    isSigned: true,
    clockMs: -240 * hourMs - 1000,
    serve: inTime((xml) => xml.replaceAll('UTCDateTime', 'LocalDateTime').replace('CST-8', 'UTC0')),
  },
  {
    name: 'utc-is-local',
    does: { zh: '把当地时间当作 UTC 报', en: 'tells its local time as UTC' },
    we: ownTime,
    isSigned: true,
    serve: inTime(hoursLater(8)),
  },
  {
    name: 'hour-off',
    does: { zh: '夏令时多报一小时', en: 'is an hour off what it tells, in daylight saving' },
    we: ownTime,
    isSigned: true,
    clockMs: -5 * hourMs,
    serve: inTime((xml) =>
      hoursLater(1)(xml).replace('<tt:DaylightSavings>false', '<tt:DaylightSavings>true'),
    ),
  },
  {
    name: 'clock-of-1970',
    does: { zh: '时钟在 1970 年', en: 'has its clock in 1970' },
    we: {
      zh: '用摄像机报的时间签名，并提醒校时',
      en: 'signs by the time that the camera tells, and says that the clock is to be set',
    },
    isSigned: true,
    clockMs: -56 * 365 * 24 * hourMs,
  },
  {
    name: 'month-13',
    does: { zh: '报出第 13 个月', en: 'tells a thirteenth month' },
    we: ownTime,
    isSigned: true,
    serve: inTime((xml) => xml.replace(/<tt:Month>\d+/, '<tt:Month>13')),
  },
  {
    name: 'refuses-by-401-alone',
    does: { zh: '用 401 拒绝，不带 WWW-Authenticate', en: 'refuses by 401 without `WWW-Authenticate`' },
    we: { zh: '从 SOAP 错误里读出原因', en: 'reads the reason from the fault' },
    isSigned: true,
    isTimeSigned: true,
    refusal: { status: 401, xml: notAuthorized },
  },
  {
    name: 'asks-for-basic-in-a-fault',
    does: { zh: '拒绝令牌时要求 Basic', en: 'asks for Basic where it means a token' },
    we: {
      zh: '用令牌签名，不送明文密码',
      en: 'signs by token, and does not send the password in plain text',
    },
    isSigned: true,
    isTimeSigned: true,
    refusal: {
      status: 401,
      headers: { 'www-authenticate': 'Basic realm="gSOAP Web Service"' },
      xml: notAuthorized,
    },
  },
  {
    name: 'empty-password',
    does: { zh: '密码是空的', en: 'has an empty password' },
    we: { zh: '空密码也是密码', en: 'an empty password is a password' },
    isSigned: true,
    password: '',
  },
]

const profile = (token: string, width = 1280, height = 720): string =>
  `<trt:Profiles token="${token}"><tt:Name>p</tt:Name><tt:VideoEncoderConfiguration token="v"><tt:Encoding>H264</tt:Encoding>` +
  `<tt:Resolution><tt:Width>${width}</tt:Width><tt:Height>${height}</tt:Height></tt:Resolution></tt:VideoEncoderConfiguration></trt:Profiles>`
const withProfiles = (xml: string, profiles: string): string =>
  xml.replace(/<trt:Profiles[\s\S]*<\/trt:Profiles>/, profiles)
const tokenOf = (body: string): string => /<ProfileToken>([^<]*)</.exec(body)?.[1] ?? ''

/** The token that must come back byte for byte. */
function tokenHabit(name: string, token: string, does: { zh: string; en: string }): OnvifHabit {
  return {
    name,
    does,
    we: { zh: '令牌是文字，原样送回', en: 'a token is text and goes back as it came' },
    serve: ({ operation, usual, body }) => {
      if (operation === 'GetProfiles') return { xml: withProfiles(usual, profile(token)) }
      return operation === 'GetSnapshotUri' && tokenOf(body) !== token ? notSupported : undefined
    },
  }
}

/** Changes the addresses in its answers. */
const addresses =
  (change: (xml: string, base: string) => string) =>
  ({ operation, usual, base }: OnvifCall) =>
    operation === 'GetServices' ? { xml: change(usual, base) } : undefined

const media2 = (xml: string, base: string): string =>
  xml.replace(
    '</tds:GetServicesResponse>',
    `<tds:Service><tds:Namespace>http://www.onvif.org/ver20/media/wsdl</tds:Namespace><tds:XAddr>${base}/onvif/media2</tds:XAddr></tds:Service></tds:GetServicesResponse>`,
  )

export const mediaHabits: OnvifHabit[] = [
  tokenHabit('token-of-20-digits', '20190423153012345678', {
    zh: '令牌是 20 位数字',
    en: 'its profile token has 20 digits',
  }),
  tokenHabit('token-decimal', '1.10', { zh: '令牌是 1.10', en: 'its profile token is `1.10`' }),
  tokenHabit('token-true', 'true', { zh: '令牌是 true', en: 'its profile token is `true`' }),
  tokenHabit('token-with-ampersand', 'Main &amp; Sub', {
    zh: '令牌里有 &',
    en: 'its profile token has an `&`',
  }),
  {
    name: 'media2-refuses',
    does: {
      zh: '有 Media2，但抓拍地址只有 Media1 会答',
      en: 'has Media2, and answers for the snapshot in Media1 only',
    },
    we: { zh: '每个地址分别问两种服务', en: 'asks both services for each address' },
    serve: ({ operation, path, usual, base }) => {
      if (operation === 'GetServices') return { xml: media2(usual, base) }
      return path === '/onvif/media2' && operation.endsWith('Uri') ? notSupported : undefined
    },
  },
  {
    name: 'first-profile-without-snapshot',
    does: {
      zh: '第一个配置没有抓拍，第二个有',
      en: 'has no snapshot for its first profile and one for its second',
    },
    we: { zh: '依次问前四个配置', en: 'asks for its first four profiles in turn' },
    serve: ({ operation, usual, body }) => {
      if (operation === 'GetProfiles') return { xml: withProfiles(usual, profile('main') + profile('sub')) }
      return operation === 'GetSnapshotUri' && tokenOf(body) === 'main' ? notSupported : undefined
    },
  },
  {
    name: 'first-profile-too-large',
    does: { zh: '第一个配置有 1200 万像素', en: 'has twelve megapixels in its first profile' },
    we: { zh: '取下一个较小的配置', en: 'takes the next smaller profile' },
    serve: ({ operation, usual, body }) => {
      if (operation === 'GetProfiles')
        return { xml: withProfiles(usual, profile('main', 4000, 3000) + profile('sub')) }
      if (operation === 'GetSnapshotUri' && tokenOf(body) === 'main')
        return { xml: usual.replace('/snapshot.jpg', '/main.jpg') }
      return undefined
    },
  },
  {
    name: 'services-by-https',
    does: {
      zh: '配置是明文，服务地址却写 https',
      en: 'names its services by `https` where it is configured in plain',
    },
    we: { zh: '沿用配置里的协议和端口', en: 'stays on the scheme and port of the configuration' },
    serve: addresses((xml) => xml.replaceAll('http://127', 'https://127')),
  },
  {
    name: 'services-behind-nat',
    does: { zh: '报内网地址', en: 'names an inner address' },
    we: { zh: '路径有效，主机换成配置里的', en: 'takes the path and the host of the configuration' },
    serve: addresses((xml) => xml.replaceAll(/http:\/\/127\.0\.0\.1:\d+/g, 'http://192.168.9.9')),
  },
  {
    name: 'services-relative',
    does: { zh: '服务地址是相对的', en: 'names its services by relative addresses' },
    we: { zh: '当作摄像机自己的路径', en: 'takes them for paths of the camera' },
    serve: addresses((xml, base) => xml.replaceAll(`<tds:XAddr>${base}`, '<tds:XAddr>')),
  },
  {
    name: 'needs-soap-action',
    does: { zh: '没有 SOAPAction 头就拒绝', en: 'refuses a request without a `SOAPAction` header' },
    we: { zh: '总是带上', en: 'sends it always' },
    serve: ({ headers }) => (headers['soapaction'] === undefined ? notSupported : undefined),
  },
  {
    name: 'snapshot-says-null',
    does: { zh: '抓拍地址写 (null)', en: 'says `(null)` for its snapshot in one service' },
    we: { zh: '当作没有，再问另一个服务', en: 'takes it for none and asks the other service' },
    serve: ({ operation, path, usual, base }) =>
      operation === 'GetServices'
        ? { xml: media2(usual, base) }
        : path === '/onvif/media2' && operation === 'GetSnapshotUri'
          ? { xml: usual.replace(/<tt:Uri>[^<]*/, '<tt:Uri>(null)') }
          : undefined,
  },
  {
    name: 'name-inside-snapshot-address',
    does: {
      zh: '抓拍地址里带用户名和怪密码',
      en: 'writes a name and an odd password into its snapshot address',
    },
    we: { zh: '去掉，主机仍是摄像机', en: 'drops them: the host is the camera' },
    serve: ({ operation, usual }) =>
      operation === 'GetSnapshotUri'
        ? { xml: usual.replace('http://127', 'http://admin:p@ss/w:rd@127') }
        : undefined,
  },
]

/** The snapshot page refuses the account that ONVIF accepts. */
export const pageRefuses: OnvifHabit = {
  name: 'page-refuses-the-account',
  does: {
    zh: 'ONVIF 接受帐号，抓拍网页不接受',
    en: 'takes the account in ONVIF and not at its snapshot page',
  },
  we: {
    zh: '改用视频流，五分钟内不再问网页；帐号不会被锁',
    en: 'takes the stream, and leaves the page alone for five minutes so that the account is not locked',
  },
  isSigned: true,
  pageStatus: 403,
}
