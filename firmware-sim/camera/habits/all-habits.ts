// Every habit of the simulated cameras, in the order of the table "cameras that were tried".
import { eventHabits } from './event-habits.ts'
import type { Habit } from './habit.ts'
import { clockHabits, mediaHabits, pageRefuses } from './onvif-habits.ts'
import { framingHabits, signInHabits } from './page-habits.ts'
import { pictureHabits } from './picture-habits.ts'
import { streamHabits } from './stream-habits.ts'
import { subscriptionHabits } from './subscriptions.ts'

export interface HabitGroup {
  zh: string
  en: string
  habits: readonly Habit[]
}

export const habitGroups: HabitGroup[] = [
  { zh: '登录抓拍网页', en: 'Signing in to a snapshot page', habits: signInHabits },
  { zh: '网页怎样送图片', en: 'How a page sends its picture', habits: framingHabits },
  { zh: '图片本身', en: 'The picture itself', habits: pictureHabits },
  { zh: 'ONVIF 登录与时钟', en: 'ONVIF: signing in, and clocks', habits: clockHabits },
  { zh: 'ONVIF 服务与地址', en: 'ONVIF: services and addresses', habits: [...mediaHabits, pageRefuses] },
  { zh: '视频流', en: 'Streams', habits: streamHabits },
  { zh: '事件', en: 'Events', habits: [...eventHabits, ...subscriptionHabits] },
]
