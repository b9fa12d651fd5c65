// One picture out of a camera's video stream by ffmpeg, TCP first; and odd kinds of JPEG made plain by the same means.
import { jpegPixelsMax } from '../../../../platform/jpeg/parse-jpeg.ts'
import type { Random } from '../../../../protocols/kit/random.ts'
import { CameraProblem } from '../camera-problem.ts'
import type { Ffmpeg, FfmpegResult } from './ffmpeg-run.ts'
import type { CameraAuth } from '../http/http-auth.ts'
import { RtspRelay } from './rtsp-relay.ts'

export interface StreamSource {
  host: string
  port: number
  path: string
  /** Of its own, apart from the web server's: what a camera asks for differs between the two. */
  auth: CameraAuth
  random: Random
}

interface Limits {
  deadlineMs: number
  signal: AbortSignal
}

const outputParameters = ['-map', '0:v:0', '-frames:v', '1', '-an', '-pix_fmt', 'yuvj420p', '-q:v', '3']
const jpegParameters = ['-c:v', 'mjpeg', '-f', 'image2pipe', 'pipe:1']
/** How long ffmpeg looks at a stream before it believes what it sees, frame rate and all: left alone it takes seconds. */
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
/** A picture that says it is a hundred metres wide costs gigabytes before it turns out to be empty. */
const small = ['-max_pixels', `${jpegPixelsMax}`]
const listInput = [
  ...small,
  ...haste,
  ...'-f concat -safe 0 -protocol_whitelist pipe,fd,rtsp,rtp,tcp,udp -i pipe:0'.split(' '),
]
const strictJpegInput = [...small, '-xerror', '-err_detect', 'explode', '-f', 'jpeg_pipe', '-i', 'pipe:0']
const quiet = ['-hide_banner', '-nostats', '-loglevel', 'error', '-threads', '1']

/** The time for making an odd kind of JPEG plain. */
export const baselineMsMax = 5_000

/** Takes the next key frame as a JPEG. ffmpeg knows the address of our relay only, neither the camera's nor its password. */
export async function grabFrame(ffmpeg: Ffmpeg, source: StreamSource, limits: Limits): Promise<Buffer> {
  const first = await tryTransport(ffmpeg, source, limits, 'tcp')
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
  limits: Limits,
  transport: 'tcp' | 'udp',
): Promise<Tried> {
  const relay = new RtspRelay(source)
  const url = await relay.open()
  // As a list on standard input: the relay's address would open the camera for whoever reads our command line.
  const list = [
    'ffconcat version 1.0',
    `file '${url}'`,
    `option rtsp_transport ${transport}`,
    `option timeout ${Math.round(limits.deadlineMs * 800)}`,
    `option analyzeduration ${analyseMicroseconds}`,
    `option probesize ${probeBytes}`,
    'option fpsprobesize 0',
    'option fflags nobuffer',
    'option allowed_media_types video',
    '',
  ].join('\n')
  const parameters = [...quiet, ...listInput, ...outputParameters, ...jpegParameters]
  try {
    const result = await ffmpeg.run(parameters, list, limits)
    const { problem, lastStatus, isTransportRefused } = relay
    return { ...result, problem, lastStatus, isTransportRefused }
  } catch (error) {
    // The relay saw the camera: it knows better than ffmpeg's end why nothing came.
    throw relay.problem ?? error
  } finally {
    await relay.close()
  }
}

function problemOf({ complaint, lastStatus }: Tried, source: StreamSource): CameraProblem {
  if (/timed out/i.test(complaint)) return new CameraProblem('no-answer', { detail: `RTSP ${source.port}` })
  return new CameraProblem('stream-failed', lastStatus >= 400 ? { detail: `RTSP ${lastStatus}` } : {})
}

/** Decodes a progressive or otherwise unusual JPEG and writes it as a baseline one. */
export async function toBaseline(ffmpeg: Ffmpeg, picture: Uint8Array, limits: Limits): Promise<Buffer> {
  const { output } = await ffmpeg.run(
    [...quiet, ...strictJpegInput, ...outputParameters, ...jpegParameters],
    picture,
    limits,
  )
  if (output.length === 0) throw new CameraProblem('broken-picture')
  return output
}
