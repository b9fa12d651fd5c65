// The console's words about cameras, and the level of each state.
import type { BilingualText } from '../../../protocols/domain/alarm.ts'
import type { CameraReach, HealthCamera } from '../../../protocols/console/api.ts'
import type { HealthLevel } from '../health-words.ts'

export const reachWords: Record<CameraReach, BilingualText> = {
  unreachable: { zh: '连不上', en: 'not reached' },
  reachable: { zh: '有应答', en: 'answers' },
  'up-without-auth': { zh: '正常，未登录', en: 'up, not signed in' },
  'up-with-auth': { zh: '正常，已登录', en: 'up, signed in' },
}

export const cameraWords = {
  cameras: { zh: '摄像机', en: 'Cameras' },
  yourName: { zh: '您的姓名（拍照和查看都会记录）', en: 'Your name (pictures and looks are written down)' },
  take: { zh: '拍一张', en: 'Take a picture' },
  taking: { zh: '正在拍…', en: 'Taking it…' },
  saved: {
    zh: '{width} x {height}，{bytes} 字节，摄像机用了 {ms} 毫秒',
    en: '{width} x {height}, {bytes} {bytes|byte|bytes}, the camera took {ms} ms',
  },
  signIn: { zh: '用户名和密码', en: 'User and password' },
  user: { zh: '用户名', en: 'User' },
  password: { zh: '密码', en: 'Password' },
  keep: { zh: '加密保存', en: 'Keep encrypted' },
  kept: { zh: '已保存。请拍一张试试。', en: 'Kept. Take a picture to try it.' },
  trust: { zh: '摄像机已更换，信任新证书', en: 'The camera was replaced: trust the new certificate' },
  trusted: { zh: '下次见到的证书将被记住。', en: 'The next certificate seen will be remembered.' },
  failed: { zh: '网关没有回答，请重试。', en: 'The gateway did not answer: try again.' },
  skew: { zh: '摄像机时钟差 {age}', en: 'its clock is {age} off' },
  lastPicture: { zh: '上一张 {age}前', en: 'latest picture {age} ago' },
  answer: { zh: '应答 {ms} 毫秒', en: 'answer {ms} ms' },
} satisfies Record<string, BilingualText>

/** If a camera's clock differs by this much, the time stamps on its pictures are useless as evidence. */
export const skewFineMs = 60_000

export function cameraLevel(camera: HealthCamera): HealthLevel {
  if (camera.isOffline) return 'act'
  return camera.problem === undefined && camera.state !== undefined ? 'fine' : 'watch'
}
