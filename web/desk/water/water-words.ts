// The sentences about a water level, in both languages.
import type { BilingualText } from '../../../protocols/domain/alarm.ts'
import { alarmTable, type AlarmRow } from '../../../protocols/domain/alarm-table.ts'
import type { WaterStage } from '../../../protocols/domain/places/water-stages.ts'

export const waterWords = {
  title: { zh: '水位过程', en: 'Water level' },
  hours: { zh: '时段', en: 'Time' },
  hoursOf: { zh: '{count} 小时', en: '{count} {count|hour|hours}' },
  level: { zh: '水位 {level} 米（{time}）', en: '{level} m at {time}' },
  stage: { zh: '已达{stage}', en: '{stage} reached' },
  below: { zh: '未达任何阶段', en: 'below every stage' },
  rising: { zh: '每小时涨 {rise} 米', en: 'rising {rise} m an hour' },
  falling: { zh: '每小时落 {rise} 米', en: 'falling {rise} m an hour' },
  steady: { zh: '平稳', en: 'steady' },
  noTrend: { zh: '读数太少，看不出趋势', en: 'too few readings for a trend' },
  next: { zh: '约 {minutes} 分钟后到{stage}', en: 'about {minutes} min to the {stage}' },
  nextLevel: { zh: '距{stage}还有 {gap} 米', en: '{gap} m below the {stage}' },
  stale: { zh: '最近读数已是 {age}前', en: 'the newest reading is {age} old' },
  none: { zh: '这段时间中心没有收到水位读数。', en: 'The centre has no level of this time.' },
  noStages: {
    zh: '网关未上报阶段水位；在网关配置的 devices[].water 中设置。',
    en: 'The box has sent no levels of stages: they are set under devices[].water in the configuration of the box.',
  },
  cut: { zh: '更早的读数未列出。', en: 'Earlier readings are left out.' },
  table: { zh: '水位表（最新在前）', en: 'Levels, newest first' },
  time: { zh: '时间', en: 'Time' },
  metres: { zh: '水位（米）', en: 'Level (m)' },
  reached: { zh: '阶段', en: 'Stage' },
  curve: { zh: '水位曲线，数值见旁边的表', en: 'Curve of the level; the table beside it has the numbers' },
} as const satisfies Record<string, BilingualText>

const water: AlarmRow = alarmTable.water

export const stageName = (stage: WaterStage): BilingualText =>
  water.variants?.[stage]?.name ?? { zh: stage, en: stage }

export const metres = (mm: number): string => (mm / 1000).toFixed(2)
