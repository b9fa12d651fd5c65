// The state of a camera's pictures, in the same words at the desk and at the box.
import type { BilingualText } from '../../protocols/domain/alarm.ts'
import type { PictureState } from '../../protocols/domain/snapshot.ts'

export const pictureStateWords: Record<PictureState, BilingualText> = {
  unknown: { zh: '还没有图片', en: 'no picture yet' },
  good: { zh: '图片正常', en: 'picture good' },
  frozen: { zh: '图片静止', en: 'picture frozen' },
  dark: { zh: '图片过暗', en: 'picture dark' },
  covered: { zh: '镜头可能被遮挡', en: 'lens may be covered' },
  bad: { zh: '图片损坏', en: 'picture damaged' },
}
