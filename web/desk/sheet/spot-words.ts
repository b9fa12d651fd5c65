// The sentences about the place and the water of an alarm, in both languages.
import type { BilingualText } from '../../../protocols/domain/alarm.ts'

export const spotWords = {
  where: { zh: '平面图位置', en: 'On the plan' },
  onPlan: { zh: '平面图，标出{name}', en: 'The plan of the village; the mark is {name}' },
  over: { zh: '{time} 结束', en: 'over at {time}' },
  openMap: { zh: '打开本村地图', en: 'Open the map of the village' },
} as const satisfies Record<string, BilingualText>
