// One picture out of a camera's video stream by ffmpeg, TCP first; and odd kinds of JPEG made plain by the same means.
import { urlHost } from './camera-http.ts'
import { CameraProblem } from './camera-problem.ts'
import type { Ffmpeg } from './ffmpeg-run.ts'

export interface StreamSource {
  host: string
  port: number
  path: string
  user: string
  password: string
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
const listInput = [
  ...haste,
  ...'-f concat -safe 0 -protocol_whitelist pipe,fd,rtsp,rtp,tcp,udp -i pipe:0'.split(' '),
]
const strictJpegInput = ['-xerror', '-err_detect', 'explode', '-f', 'jpeg_pipe', '-i', 'pipe:0']
const quiet = ['-hide_banner', '-nostats', '-loglevel', 'error', '-threads', '1']

/**
 * Takes the next key frame as a JPEG. The address goes in as a list on standard input, because a command line, and a
 * password in it, is readable by every process of the machine.
 */
export async function grabFrame(ffmpeg: Ffmpeg, source: StreamSource, limits: Limits): Promise<Buffer> {
  const first = await tryTransport(ffmpeg, source, limits, 'tcp')
  if (first.ok) return first.picture
  // 461 Unsupported Transport: an old camera that sends by UDP only.
  if (!/461|transport/i.test(first.complaint)) throw problemOf(first.complaint, source)
  const second = await tryTransport(ffmpeg, source, limits, 'udp')
  if (second.ok) return second.picture
  throw problemOf(second.complaint, source)
}

async function tryTransport(
  ffmpeg: Ffmpeg,
  source: StreamSource,
  limits: Limits,
  transport: 'tcp' | 'udp',
): Promise<{ ok: true; picture: Buffer } | { ok: false; complaint: string }> {
  const list = [
    'ffconcat version 1.0',
    `file '${streamUrl(source)}'`,
    `option rtsp_transport ${transport}`,
    `option timeout ${Math.round(limits.deadlineMs * 800)}`,
    `option analyzeduration ${analyseMicroseconds}`,
    `option probesize ${probeBytes}`,
    'option fpsprobesize 0',
    'option fflags nobuffer',
    'option allowed_media_types video',
    '',
  ].join('\n')
  const result = await ffmpeg.run(
    [...quiet, ...listInput, ...outputParameters, ...jpegParameters],
    list,
    limits,
  )
  return result.output.length > 0
    ? { ok: true, picture: result.output }
    : { ok: false, complaint: result.complaint }
}

/** A quote or a line break in an address would end the list's entry: they travel encoded. */
function streamUrl({ host, port, path, user, password }: StreamSource): string {
  const encode = (text: string): string => encodeURIComponent(text).replaceAll("'", '%27')
  const who = user === '' ? '' : `${encode(user)}:${encode(password)}@`
  const where = path.replace(/['\\\s]/g, (sign) => encodeURIComponent(sign).replaceAll("'", '%27'))
  return `rtsp://${who}${urlHost(host)}:${port}${where}`
}

function problemOf(complaint: string, source: StreamSource): CameraProblem {
  if (/401 Unauthorized|authorization failed/i.test(complaint)) {
    return new CameraProblem(source.user === '' ? 'no-password' : 'wrong-password')
  }
  if (/Connection refused/i.test(complaint))
    return new CameraProblem('refused', { detail: `RTSP ${source.port}` })
  if (/timed out/i.test(complaint)) return new CameraProblem('no-answer', { detail: `RTSP ${source.port}` })
  const status = /(?:Server returned|failed:) (\d{3})/.exec(complaint)?.[1]
  return new CameraProblem('stream-failed', status === undefined ? {} : { detail: `RTSP ${status}` })
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
