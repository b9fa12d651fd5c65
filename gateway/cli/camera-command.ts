// `gengfu camera discover|snapshot`: the gateway's camera work as a manual command, with results for an installer.
import { readFile, writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { describeDuration } from '../../protocols/kit/duration.ts'
import { createSystemClock, type Clock } from '../../protocols/kit/clock.ts'
import { createSystemRandom } from '../../protocols/kit/random.ts'
import { cameraSettingsSchema, type CameraSettings } from '../config/camera-settings.ts'
import { CameraClient, type RawPicture } from '../cameras/talk/camera-client.ts'
import { toProblem } from '../cameras/talk/camera-problem.ts'
import { PictureProcessor, type Finished } from '../cameras/pictures/picture-processor.ts'
import { Ffmpeg } from '../cameras/talk/stream/ffmpeg-run.ts'
import { baselineMsMax, toBaseline } from '../cameras/talk/stream/rtsp-frame.ts'
import { Slots } from '../cameras/process/slots.ts'
import { discoverCameras, ownAddresses } from '../cameras/talk/onvif/ws-discovery.ts'
import { print, printJson, printProblem } from '../../platform/terminal.ts'
import { codeOf } from '../../platform/failure.ts'

const usage = `gengfu camera discover [--host H]... [--from A]... [--seconds N] [--json]
  在每个网口上寻找摄像机；--host 直接询问某个地址；--from 只用本机这个地址
  finds cameras on every network interface; --host asks an address directly; --from uses this own address only

gengfu camera snapshot --host H --out FILE [--port P] [--user U --password-file F]
    [--tls] [--auth auto|basic|digest] [--onvif-path /PATH]
    [--snapshot-path /PATH] [--stream-path /PATH] [--rtsp-port P] [--no-onvif]
  取一张图片并保存；密码只从文件读取
  takes one picture and saves it; the password is read from a file only
`

const printBoth = (zh: string, en: string): void => void print(`${zh} · ${en}\n`)
const complain = (zh: string, en: string): void => void printProblem(`${zh} · ${en}\n`)

/** Runs the command line after `gengfu camera`; resolves with the exit code: 0 done, 1 failed, 2 wrong usage. */
export async function runCamera(argv: readonly string[]): Promise<number> {
  const [command, ...rest] = argv
  if (command === undefined || command === '--help' || command === '-h' || rest.includes('--help')) {
    print(usage)
    return command === undefined ? 2 : 0
  }
  try {
    if (command === 'discover') return await discover(rest)
    if (command === 'snapshot') return await snapshot(rest)
  } catch (error) {
    const isUsage = error instanceof TypeError && codeOf(error).startsWith('ERR_PARSE_ARGS')
    if (!isUsage) throw error
    complain('参数不对', error.message)
    printProblem(usage)
    return 2
  }
  complain(`没有这个命令：${command}`, `no such command: ${command}`)
  printProblem(usage)
  return 2
}

async function discover(argv: string[]): Promise<number> {
  const { values } = parseArgs({
    args: argv,
    options: {
      host: { type: 'string', multiple: true },
      from: { type: 'string', multiple: true },
      seconds: { type: 'string', default: '3' },
      json: { type: 'boolean', default: false },
    },
  })
  const seconds = Number(values.seconds)
  if (!(seconds > 0 && seconds <= 60)) {
    complain('--seconds 需要 1 到 60', '--seconds takes 1 to 60')
    return 2
  }
  const from = values.from ?? ownAddresses()
  if (!values.json) printBoth(`正在 ${from.join(', ')} 上寻找`, `searching from ${from.join(', ')}`)
  const found = await discoverCameras({
    clock: waitingClock(),
    random: createSystemRandom(),
    waitMs: seconds * 1000,
    hosts: values.host ?? [],
    from,
    onTrouble: (address, error) => complain(`网口 ${address} 不可用`, `${address}: ${error.message}`),
  })
  if (values.json) {
    printJson(found)
    return 0
  }
  for (const camera of found) {
    const url = `${camera.isTls ? 'https' : 'http'}://${camera.host}:${camera.port}${camera.path}`
    print(`${url}\t${[camera.name, camera.model].filter((text) => text !== '').join(' ')}\n`)
  }
  if (found.length === 0) {
    printBoth(
      '没有找到摄像机：请检查电源和网线，在摄像机里打开 ONVIF；不同网段请用 --host',
      'no camera found: check power and cable, switch ONVIF on in the camera; in another segment use --host',
    )
    return 1
  }
  printBoth(`找到 ${found.length} 台`, `${found.length} found`)
  return 0
}

async function snapshot(argv: string[]): Promise<number> {
  const { values } = parseArgs({
    args: argv,
    options: {
      host: { type: 'string' },
      port: { type: 'string' },
      user: { type: 'string' },
      'password-file': { type: 'string' },
      out: { type: 'string' },
      tls: { type: 'boolean', default: false },
      auth: { type: 'string', default: 'auto' },
      'onvif-path': { type: 'string' },
      'snapshot-path': { type: 'string' },
      'stream-path': { type: 'string' },
      'rtsp-port': { type: 'string' },
      'no-onvif': { type: 'boolean', default: false },
    },
  })
  if (values.host === undefined || values.out === undefined) {
    complain('需要 --host 和 --out', '--host and --out are needed')
    return 2
  }
  const number = (text: string | undefined): { port?: number } =>
    text === undefined ? {} : { port: Number(text) }
  const parsed = cameraSettingsSchema.safeParse({
    id: 'camera',
    zone: 'test',
    host: values.host,
    ...number(values.port),
    tls: values.tls,
    auth: values.auth,
    onvif: !values['no-onvif'],
    ...(values.user === undefined ? {} : { user: values.user }),
    ...(values['onvif-path'] === undefined ? {} : { onvifPath: values['onvif-path'] }),
    ...(values['snapshot-path'] === undefined ? {} : { snapshotPath: values['snapshot-path'] }),
    ...(values['stream-path'] === undefined ? {} : { streamPath: values['stream-path'] }),
    ...(values['rtsp-port'] === undefined ? {} : { rtspPort: Number(values['rtsp-port']) }),
  })
  if (!parsed.success) {
    for (const issue of parsed.error.issues) complain(`参数不对：${issue.path.join('.')}`, issue.message)
    return 2
  }
  const credentials = await readCredentials(values.user, values['password-file'])
  if (credentials === 'unreadable') return 1
  return takeOne(parsed.data, credentials, values.out)
}

type Credentials = { user: string; password: string } | undefined

async function readCredentials(
  user: string | undefined,
  file: string | undefined,
): Promise<Credentials | 'unreadable'> {
  if (user === undefined) return undefined
  if (file === undefined) return { user, password: '' }
  try {
    return { user, password: (await readFile(file, 'utf8')).replace(/\r?\n$/, '') }
  } catch {
    complain(`读不到密码文件 ${file}`, `the password file ${file} can not be read`)
    return 'unreadable'
  }
}

async function takeOne(settings: CameraSettings, credentials: Credentials, out: string): Promise<number> {
  const clock = waitingClock()
  const ffmpeg = new Ffmpeg({ clock })
  const processor = new PictureProcessor({
    clock,
    toBaseline: (bytes, stop) => toBaseline(ffmpeg, bytes, { deadlineMs: baselineMsMax, signal: stop }),
    // The picture's own failure is printed.
    onTrouble: () => undefined,
  })
  let fingerprint: string | undefined
  const client = new CameraClient({
    settings,
    credentials,
    pin: {
      get: () => fingerprint,
      set: (seen) => {
        fingerprint = seen
        printBoth(`摄像机证书指纹 ${seen}`, 'fingerprint of the camera certificate')
      },
    },
    clock,
    random: createSystemRandom(),
    ffmpeg,
    streamSlots: new Slots({ atOnceMax: 1, waitingMax: 1 }),
  })
  const { signal } = new AbortController()
  try {
    await introduce(client, signal)
    const { raw, finished } = await firstPicture(client, processor, signal)
    await writeFile(out, finished.full.bytes)
    const { width, height, bytes } = finished.full
    const by = raw.source === 'http' ? '抓拍 snapshot' : '视频流 stream'
    printBoth(
      `已保存 ${out}（${width} x ${height}，${bytes.length} 字节，${by}，${Math.round(raw.answerMs)} 毫秒）`,
      `saved ${out}`,
    )
    return 0
  } catch (error) {
    const { reason } = toProblem(error, 'work-failed')
    complain(`失败：${reason.text.zh}`, `failed: ${reason.text.en} [${reason.code}]`)
    return 1
  } finally {
    await ffmpeg.stop()
    await processor.stop()
  }
}

async function introduce(client: CameraClient, signal: AbortSignal): Promise<void> {
  const { host, port } = client.address
  const { onvif, snapshotPath: page, rtspPort } = client.settings
  printBoth(`正在连接 ${host}:${onvif || page !== undefined ? port : (rtspPort ?? 554)}`, 'connecting')
  if (!onvif) return
  let facts
  try {
    facts = await client.probe(signal)
  } catch (error) {
    const { snapshotPath, streamPath } = client.settings
    if (snapshotPath === undefined && streamPath === undefined) throw error
    const { reason } = toProblem(error, 'not-onvif')
    complain(`ONVIF 不可用，继续：${reason.text.zh}`, `going on without ONVIF: ${reason.text.en}`)
    return
  }
  if (!facts) return
  printBoth(`已找到 ${facts.maker} ${facts.model}，固件 ${facts.firmware}`, 'camera found')
  const { clockSkewMs = 0 } = facts
  if (Math.abs(clockSkewMs) > 60_000) {
    const [off, isSlow] = [Math.abs(clockSkewMs), clockSkewMs < 0]
    complain(
      `摄像机的时钟${isSlow ? '慢' : '快'} ${describeDuration(off, 'zh')}，请校时`,
      `the camera's clock is ${describeDuration(off, 'en')} ${isSlow ? 'slow' : 'fast'}: set it`,
    )
  }
  for (const foreign of facts.foreignHosts) {
    complain(
      `摄像机自称 ${foreign}，仍使用 ${host}`,
      `the camera calls itself ${foreign}; ${host} is used instead`,
    )
  }
}

async function firstPicture(
  client: CameraClient,
  processor: PictureProcessor,
  signal: AbortSignal,
): Promise<{ raw: RawPicture; finished: Finished }> {
  const sources = await client.sources(signal)
  for (const [i, source] of sources.entries()) {
    try {
      const raw = await client.fetch(source, signal)
      return { raw, finished: await processor.process(raw.bytes, [], signal) }
    } catch (error) {
      const problem = toProblem(error, 'work-failed')
      if (i === sources.length - 1 || !problem.isRetryable) throw problem
      complain(
        `抓拍不行，改用视频流：${problem.reason.text.zh}`,
        `no snapshot, trying the stream: ${problem.reason.text.en}`,
      )
    }
  }
  throw new Error('no source left to try')
}

/** Real time with timers that keep the process alive: no other part does in a command. */
function waitingClock(): Clock {
  const clock = createSystemClock()
  return {
    ...clock,
    after: (delayMs, run) => {
      const timer = setTimeout(run, delayMs)
      return () => clearTimeout(timer)
    },
  }
}
