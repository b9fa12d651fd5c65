// The test of the way to the centre, one part after the other, with the reason and the remedy in plain words.
import { lookup } from 'node:dns/promises'
import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { BilingualText } from '../../../protocols/domain/alarm.ts'
import type { HealthAnswer } from '../../../protocols/console/api.ts'
import type { LinkCheck, LinkTestAnswer } from '../../../protocols/console/installing.ts'
import { codeOf } from '../../../platform/failure.ts'
import type { UplinkSettings } from '../../config/uplink-settings.ts'

const partMsMax = 10_000
/** A Receipt of the last minutes shows that the way works. */
const receiptMsMax = 120_000

type Check = LinkTestAnswer['checks'][number]
const good = (check: LinkCheck, zh: string, en: string): Check => ({ check, isGood: true, text: { zh, en } })
const wrong = (check: LinkCheck, text: BilingualText, remedy: BilingualText): Check => ({
  check,
  isGood: false,
  text,
  remedy,
})

interface Target {
  host: string
  port: number
  isSecure: boolean
  isProxy: boolean
}

export function targetOf({ url, proxyUrl }: Pick<UplinkSettings, 'url' | 'proxyUrl'>): Target {
  const ports: Record<string, number> = {
    'mqtt:': 1883,
    'mqtts:': 8883,
    'ws:': 80,
    'wss:': 443,
    'http:': 3128,
  }
  const { hostname, port, protocol } = new URL(proxyUrl ?? url)
  const isSecure = proxyUrl === undefined && (protocol === 'mqtts:' || protocol === 'wss:')
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? (ports[protocol] ?? 8883) : Number(port),
    isSecure,
    isProxy: proxyUrl !== undefined,
  }
}

export interface LinkTestOptions {
  uplink: UplinkSettings | undefined
  health: () => Promise<Pick<HealthAnswer, 'clock' | 'link'>>
}

export async function runLinkTest({ uplink, health }: LinkTestOptions): Promise<LinkTestAnswer> {
  if (!uplink)
    return {
      v: 1,
      checks: [
        wrong(
          'centre',
          { zh: '还没有中心：先输入上联码', en: 'There is no centre yet' },
          { zh: '回到上一步输入上联码；没有也可继续', en: 'Enter the uplink code, or go on without one' },
        ),
      ],
    }
  const { link: tried } = await health()
  // Of several equal centres, the one that the box uses.
  const target = targetOf({ ...uplink, url: tried.url ?? uplink.url })
  const checks: Check[] = []
  // After a failure the later parts would only repeat it.
  for (const part of [checkName, checkTcp, checkTls]) {
    const check = await part(target, uplink)
    if (!check) continue
    checks.push(check)
    if (!check.isGood) break
  }
  const { clock, link } = await health()
  checks.push(checkClock(clock))
  if (checks.every(({ isGood, check }) => isGood || check === 'clock')) checks.push(...checkReceipt(link))
  return { v: 1, checks }
}

async function checkName({ host, isProxy }: Target): Promise<Check> {
  try {
    const { address } = await lookup(host)
    return good('name', `${host} 的地址是 ${address}`, `${host} is at ${address}`)
  } catch {
    return wrong(
      'name',
      {
        zh: `找不到${isProxy ? '代理' : '中心'} ${host} 的地址`,
        en: `The address of ${isProxy ? 'the proxy' : 'the centre'} ${host} is not found`,
      },
      {
        zh: '检查网线或 SIM 卡；再看“网络”里的域名服务器是否有应答',
        en: 'Check the cable or the SIM; then look whether the name servers under “network” answer',
      },
    )
  }
}

function openTcp({ host, port }: Target): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, timeout: partMsMax })
    socket.once('connect', () => resolve(socket))
    socket.once('timeout', () => socket.destroy(Object.assign(new Error('timeout'), { code: 'ETIMEDOUT' })))
    socket.once('error', reject)
  })
}

async function checkTcp(target: Target): Promise<Check> {
  const place = `${target.host}:${target.port}`
  try {
    const socket = await openTcp(target)
    socket.on('error', () => undefined)
    socket.destroy()
    return good('tcp', `${place} 可以连接`, `${place} answers`)
  } catch (error) {
    const isRefused = codeOf(error) === 'ECONNREFUSED'
    return wrong(
      'tcp',
      isRefused
        ? { zh: `${place} 拒绝连接`, en: `${place} refuses the connection` }
        : { zh: `${place} 没有应答`, en: `${place} does not answer` },
      isRefused
        ? {
            zh: '中心程序未运行，或端口不对：请问镇中心',
            en: 'The centre does not run, or the port is another: ask the town',
          }
        : {
            zh: `防火墙或运营商拦截了 ${target.port} 端口，或没有网络`,
            en: `A firewall blocks port ${target.port}, or there is no network`,
          },
    )
  }
}

const read = (file: string | undefined): Buffer | undefined =>
  file === undefined ? undefined : readFileSync(file)

async function checkTls(target: Target, uplink: UplinkSettings): Promise<Check | undefined> {
  if (!target.isSecure) return undefined
  try {
    const [ca, cert, key] = [read(uplink.caFile), read(uplink.certFile), read(uplink.keyFile)]
    const socket = await openTcp(target)
    const name = /^[\d.]+$|:/.test(target.host) ? {} : { servername: target.host }
    await new Promise<void>((resolve, reject) => {
      const secure = connectTls({
        socket,
        ...name,
        host: target.host,
        ...(ca ? { ca } : {}),
        ...(cert ? { cert } : {}),
        ...(key ? { key } : {}),
      })
      secure.setTimeout(partMsMax, () => secure.destroy(new Error('timeout')))
      secure.once('secureConnect', resolve)
      secure.once('error', reject)
    }).finally(() => socket.destroy())
    return good(
      'tls',
      '中心的证书可信，连接已加密',
      'The certificate of the centre is right; the line is encrypted',
    )
  } catch (error) {
    return tlsProblem(codeOf(error) ?? '')
  }
}

/** By the code that OpenSSL gives. */
export function tlsProblem(code: string): Check {
  if (code === 'CERT_NOT_YET_VALID' || code === 'CERT_HAS_EXPIRED')
    return wrong(
      'tls',
      {
        zh: '中心的证书不在有效期内，或网关的时钟不对',
        en: 'The certificate of the centre is out of date, or the clock of the box is wrong',
      },
      {
        zh: '先看下面的时钟；时钟正确则请镇中心更新证书',
        en: 'Look at the clock below first; if it is right, the town renews its certificate',
      },
    )
  if (/SELF_SIGNED|UNABLE_TO|ISSUER|SIGNATURE|ALTNAME/.test(code))
    return wrong(
      'tls',
      {
        zh: '应答的不是您的中心：证书由别处签发',
        en: 'What answers is not your centre: its certificate is of another authority',
      },
      {
        zh: '有人在线路中间，或上联码属于另一个中心：不要继续，请问镇中心',
        en: 'Something stands in between, or the code is of another centre: do not go on, ask the town',
      },
    )
  return wrong(
    'tls',
    {
      zh: `加密连接失败（${code === '' ? '连接中断' : code}）`,
      en: `The encrypted connection fails (${code === '' ? 'it was cut' : code})`,
    },
    {
      zh: '中心可能已作废本网关的证书：请镇中心给一个新的上联码',
      en: 'The centre may have revoked this box: ask the town for a new uplink code',
    },
  )
}

function checkClock({ quality, offsetMs, isDoubted }: HealthAnswer['clock']): Check {
  const seconds = Math.round(Math.abs(offsetMs ?? 0) / 1000)
  if (isDoubted)
    return wrong(
      'clock',
      {
        zh: `网关与中心的时钟相差 ${seconds} 秒，都没有校准`,
        en: `Box and centre differ by ${seconds} s, and nothing sets either clock`,
      },
      { zh: '在其中一处启用对时（NTP）', en: 'Set up NTP at one of them' },
    )
  if (quality === 'unsynced')
    return wrong(
      'clock',
      { zh: '时钟还没有校准', en: 'The clock is not set yet' },
      {
        zh: '连上中心后自动校准；不影响报警',
        en: 'It is set by itself once the centre is reached; alarms do not wait for it',
      },
    )
  return good(
    'clock',
    `时钟正确（与中心相差 ${seconds} 秒）`,
    `The clock is right (${seconds} s from the centre's)`,
  )
}

function checkReceipt(link: HealthAnswer['link']): Check[] {
  const { state, lastReceiptAgoMs, roundTripMs, bytesPerSecond, problem } = link
  if (state !== 'connected' || lastReceiptAgoMs === undefined || lastReceiptAgoMs > receiptMsMax)
    return [
      wrong('receipt', problem ?? { zh: '中心还没有回执', en: 'No Receipt of the centre yet' }, {
        zh: '等十秒再测；仍没有，请镇中心查看本网关是否已登记',
        en: 'Test again after ten seconds; then ask the town whether this box is listed',
      }),
    ]
  const rate = bytesPerSecond === undefined ? '' : `${Math.round((bytesPerSecond * 8) / 1000)} kbit/s`
  const ms = Math.round(roundTripMs ?? 0)
  return [
    good('receipt', '中心已回执：数据已保存', 'The centre has confirmed that it stores what the box sends'),
    good('round-trip', `往返 ${ms} 毫秒 ${rate}`.trim(), `Round trip ${ms} ms ${rate}`.trim()),
  ]
}
