// Texts about pictures, in both languages.
import type { BilingualText } from '../../../protocols/domain/alarm.ts'
import type { DeskPictureFile, GoneReason } from '../../../protocols/desk/api.ts'
import type { Moment } from '../../../protocols/domain/snapshot.ts'
import { fill, say } from '../../shared/language.ts'

export const pictureWords = {
  pictures: { zh: '现场抓拍', en: 'Pictures' },
  alt: { zh: '摄像机 {camera}，{moment}，{time}', en: 'Camera {camera}, {moment}, {time}' },
  open: { zh: '放大：{what}', en: 'Enlarge: {what}' },
  close: { zh: '关闭', en: 'Close' },
  previous: { zh: '上一张', en: 'Previous' },
  next: { zh: '下一张', en: 'Next' },
  taken: { zh: '图片正在传来', en: 'Picture on its way' },
  onTheWay: { zh: '图片正在传来 {percent}%', en: 'Picture on its way, {percent} %' },
  fullOnTheWay: { zh: '原图正在传来，先看缩略图', en: 'The full size is on its way; this is the preview' },
  fullPercent: {
    zh: '原图正在传来 {percent}%，先看缩略图',
    en: 'The full size is on its way, {percent} %; this is the preview',
  },
  fullGone: { zh: '没有原图：{why}', en: 'No full size: {why}' },
  masked: { zh: '部分区域已遮挡', en: 'parts are masked' },
  noneYet: { zh: '此报警还没有图片。', en: 'This alarm has no pictures yet.' },
  follows: {
    zh: '此窗口跟随值守台打开的报警。',
    en: 'This window follows the alarm that is open at the desk.',
  },
  logged: { zh: '每次查看都会记录', en: 'Every look is recorded' },
  failed: { zh: '图片未能显示', en: 'The picture could not be shown' },
} satisfies Record<string, BilingualText>

export const momentWords: Record<Moment, BilingualText> = {
  before: { zh: '事发前', en: 'before' },
  'at-once': { zh: '事发时', en: 'at once' },
  'after-2s': { zh: '2 秒后', en: '2 s after' },
  'after-5s': { zh: '5 秒后', en: '5 s after' },
  'on-demand': { zh: '手动抓拍', en: 'asked for' },
  schedule: { zh: '定时', en: 'by the clock' },
}

export const goneWords: Record<GoneReason, BilingualText> = {
  term: { zh: '已过保存期，已删除', en: 'deleted after its term' },
  quota: { zh: '空间不足，已删除', en: 'deleted for want of room' },
  asked: { zh: '应要求已删除', en: 'deleted on request' },
  'lost-at-box': { zh: '未传到前已被网关删除', en: 'the box deleted it before it was sent' },
  'not-a-picture': { zh: '收到的不是图片', en: 'what came was no picture' },
  lost: { zh: '文件损坏', en: 'the file is damaged' },
}

/** Why this file can not be shown yet, or any more. */
export function missingText({ state, percent, goneWhy }: DeskPictureFile): string {
  if (state === 'gone') return say(goneWords[goneWhy ?? 'lost'])
  return percent === undefined ? say(pictureWords.taken) : fill(pictureWords.onTheWay, { percent })
}
