// The sentences about the place and the water of an alarm, in both languages.
import type { BilingualText } from '../../../protocols/domain/alarm.ts'

export const spotWords = {
  where: { zh: '平面图位置', en: 'On the plan' },
  onPlan: { zh: '平面图，标出{name}', en: 'The plan of the village; the mark is {name}' },
  over: { zh: '{time} 结束', en: 'over at {time}' },
  cameras: { zh: '附近的摄像机', en: 'Cameras near the place' },
  here: { zh: '本防区', en: 'of this zone' },
  offline: { zh: '离线', en: 'offline' },
  takeNow: { zh: '现在拍一张', en: 'Picture now' },
  secondWindow: { zh: '在第二个窗口看图片', en: 'Pictures in a second window' },
  openMap: { zh: '打开本村地图', en: 'Open the map of the village' },
} as const satisfies Record<string, BilingualText>
