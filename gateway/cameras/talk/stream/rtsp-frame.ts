// Takes one picture from a camera's video stream with ffmpeg, TCP first; also converts unusual kinds of JPEG.
import { readJpegHead, type JpegFrame } from '../../../../platform/jpeg/jpeg-frame.ts'
import { jpegPixelsMax } from '../../../../platform/jpeg/parse-jpeg.ts'
import type { Clock } from '../../../../protocols/kit/clock.ts'
import type { Random } from '../../../../protocols/kit/random.ts'
import { CameraProblem, type ProblemCode } from '../camera-problem.ts'
import type { Ffmpeg, FfmpegResult } from './ffmpeg-run.ts'
import type { CameraAuth } from '../http/http-auth.ts'
import { RtspRelay } from './rtsp-relay.ts'

export interface StreamSource {
  host: string
  port: number
  path: string
  /** Separate from the web server's: a camera's challenges differ between the two. */
  auth: CameraAuth
  random: Random
}

interface Limits {
  deadlineMs: number
  signal: AbortSignal
}

/**
 * Longest time without a byte of the camera, after the connection; and in all, because a camera with a key frame every
 * 15 s may have sent one just before, and a slow, busy board takes seconds to start ffmpeg.
 */
export const streamMsMax = 8_000
const keyFrameMsMax = 30_000

/** Also one thread for writing: by default there are as many as processors, each with a picture of its own. */
const outputParameters = '-map 0:v:0 -frames:v 1 -an -pix_fmt yuvj420p -q:v 3 -threads 1'.split(' ')
const jpegParameters = ['-c:v', 'mjpeg', '-f', 'image2pipe', 'pipe:1']
/** How long ffmpeg analyses a stream, its frame rate included: by default it takes seconds. */
const analyseMicroseconds = 200_000
const probeBytes = 500_000
const haste = [
  '-analyzeduration',
  `${analyseMicroseconds}`,
  '-probesize',
  `${probeBytes}`,
  '-fpsprobesize',
  '0',
]
/** A picture with a claimed width of a hundred metres takes gigabytes before it turns out to be empty. */
const small = ['-max_pixels', `${jpegPixelsMax}`]
const listInput = [
  ...small,
  ...haste,
  ...'-f concat -safe 0 -protocol_whitelist pipe,fd,rtsp,rtp,tcp,udp -i pipe:0'.split(' '),
]
/** Most pixels of a picture that ffmpeg reduces: 7680 x 4320, which takes 92 MB, and 190 MB if it is progressive. */
export const largePixelsMax = 7680 * 4320
const strictJpegInput = [
  '-max_pixels',
  `${largePixelsMax}`,
  '-noautorotate',
  '-xerror',
  '-err_detect',
  'explode',
  '-f',
  'jpeg_pipe',
  '-i',
  'pipe:0',
]
const quiet = ['-hide_banner', '-nostats', '-loglevel', 'error', '-threads', '1', '-filter_threads', '1']

/** The time for converting an unusual JPEG: a second of processor at most, of which a busy box gives little. */
export const baselineMsMax = 20_000

/**
 * Takes the next key frame as a JPEG. ffmpeg knows only the address of our relay, neither the camera's nor its
 * password.
 */
export async function grabFrame(
  ffmpeg: Ffmpeg,
  source: StreamSource,
  limits: Limits & { clock: Clock },
): Promise<Buffer> {
  let first = await tryTransport(ffmpeg, source, limits, 'tcp')
  // A session that the camera lost between two requests: the next attempt opens another.
  if (first.lastStatus === 454 && first.output.length === 0)
    first = await tryTransport(ffmpeg, source, limits, 'tcp')
  // An old camera that sends by UDP only.
  const last = first.isTransportRefused ? await tryTransport(ffmpeg, source, limits, 'udp') : first
  if (last.output.length > 0) return last.output
  throw last.problem ?? problemOf(last, source)
}

interface Tried extends FfmpegResult {
  problem: CameraProblem | undefined
  lastStatus: number
  isTransportRefused: boolean
}

async function tryTransport(
  ffmpeg: Ffmpeg,
  source: StreamSource,
  { clock, deadlineMs, signal }: Limits & { clock: Clock },
  transport: 'tcp' | 'udp',
): Promise<Tried> {
  const silent = new AbortController()
  // Packets by UDP do not pass through here: those have the whole time.
  const watch = (): (() => void) =>
    transport === 'udp'
      ? () => undefined
      : clock.after(deadlineMs, () =>
          silent.abort(new CameraProblem('slow', { detail: `${deadlineMs / 1000} s` })),
        )
  // The start of ffmpeg does not count as the camera's time.
  let cancel = (): void => undefined
  const onBytes = (): void => {
    cancel()
    cancel = watch()
  }
  const relay = new RtspRelay({ ...source, onBytes })
  const url = await relay.open()
  // As a list on standard input: on the command line every user of the system could read the relay's address.
  const list = [
    'ffconcat version 1.0',
    `file '${url}'`,
    `option rtsp_transport ${transport}`,
    `option timeout ${deadlineMs * 1000}`,
    `option analyzeduration ${analyseMicroseconds}`,
    `option probesize ${probeBytes}`,
    'option fpsprobesize 0',
    // Not `nobuffer`: it drops the bytes read to analyse the stream, and with them the first key frame.
    'option allowed_media_types video',
    '',
  ].join('\n')
  const parameters = [...quiet, ...listInput, ...outputParameters, ...jpegParameters]
  try {
    const both = AbortSignal.any([signal, silent.signal])
    const result = await ffmpeg.run(parameters, list, { deadlineMs: keyFrameMsMax, signal: both })
    const { problem, lastStatus, isTransportRefused } = relay
    return { ...result, problem, lastStatus, isTransportRefused }
  } catch (error) {
    // The relay saw the camera: its reason is more exact than the exit code of ffmpeg.
    throw relay.problem ?? error
  } finally {
    cancel()
    await relay.close()
  }
}

const statusProblems: Record<number, ProblemCode> = {
  403: 'stream-forbidden',
  404: 'stream-not-found',
  453: 'camera-busy',
  503: 'camera-busy',
}

function problemOf({ complaint, lastStatus }: Tried, source: StreamSource): CameraProblem {
  if (/timed out/i.test(complaint)) return new CameraProblem('no-answer', { detail: `RTSP ${source.port}` })
  return new CameraProblem(
    statusProblems[lastStatus] ?? 'stream-failed',
    lastStatus >= 400 ? { detail: `RTSP ${lastStatus}` } : {},
  )
}

/** Decodes a progressive, rotated, too large or otherwise unusual JPEG and writes it as a baseline one. */
export async function toBaseline(ffmpeg: Ffmpeg, picture: Uint8Array, limits: Limits): Promise<Buffer> {
  const head = readJpegHead(picture)
  // From 12 bits ffmpeg makes a gray area without an error, from arithmetic coding nothing.
  if (head && (head.bits !== 8 || head.process > 0xc3))
    throw new CameraProblem('picture-kind', { detail: `JPEG ${head.process.toString(16)}, ${head.bits} bit` })
  if (head && head.width * head.height > largePixelsMax)
    throw new CameraProblem('picture-too-large', { detail: `${head.width} x ${head.height}` })
  const isHalved = head !== undefined && head.width * head.height > 2 * jpegPixelsMax
  const filters = head ? [...smaller(isHalved ? halved(head) : head), ...turned(head.orientation)] : []
  const { output, complaint } = await ffmpeg.run(
    [
      ...quiet,
      // Decoded at half its size, it takes a quarter of the memory.
      ...(isHalved ? ['-lowres', '1'] : []),
      ...strictJpegInput,
      ...outputParameters,
      ...(filters.length > 0 ? ['-vf', filters.join(',')] : []),
      ...jpegParameters,
    ],
    picture,
    limits,
  )
  if (output.length > 0) return output
  if (head && /get_buffer\(\) failed|Cannot allocate memory|Error submitting/.test(complaint))
    throw new CameraProblem('picture-too-large', { detail: `${head.width} x ${head.height}` })
  throw new CameraProblem('broken-picture')
}

const halved = ({ width, height }: JpegFrame): JpegFrame => ({
  width: Math.ceil(width / 2),
  height: Math.ceil(height / 2),
})

/** Reduced to the largest size that we process, in its own proportions. */
function smaller({ width, height }: JpegFrame): string[] {
  const factor = Math.sqrt(jpegPixelsMax / (width * height))
  if (factor >= 1) return []
  const even = (size: number): number => Math.max(2, Math.floor((size * factor) / 2) * 2)
  return [`scale=${even(width)}:${even(height)}`]
}

/** The eight orientations of a picture, as EXIF numbers them. */
function turned(orientation: number): string[] {
  const ways = [
    '',
    '',
    'hflip',
    'hflip,vflip',
    'vflip',
    'transpose=0',
    'transpose=1',
    'transpose=3',
    'transpose=2',
  ]
  return [ways[orientation] ?? ''].filter((way) => way !== '')
}
