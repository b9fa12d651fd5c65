// Kinds of devices in words; a kind that a newer box knows is shown unchanged.
import type { BilingualText } from '../../../protocols/domain/alarm.ts'

const deviceKindWords: Partial<Record<string, BilingualText>> = {
  button: { zh: '按钮', en: 'button' },
  contact: { zh: '门磁', en: 'door contact' },
  water: { zh: '水位', en: 'water level' },
  motion: { zh: '人体感应', en: 'motion' },
  smoke: { zh: '烟感', en: 'smoke' },
  gas: { zh: '燃气', en: 'gas' },
  leak: { zh: '漏水', en: 'leak' },
  siren: { zh: '警号', en: 'siren' },
  lamp: { zh: '灯', en: 'lamp' },
  sign: { zh: '显示屏', en: 'sign' },
  loudspeaker: { zh: '喇叭', en: 'loudspeaker' },
  hub: { zh: '中继', en: 'hub' },
  camera: { zh: '摄像机', en: 'camera' },
  other: { zh: '其他', en: 'other' },
}

export const deviceKindText = (kind: string | undefined): BilingualText | undefined => {
  if (kind === undefined) return undefined
  const known = Object.prototype.hasOwnProperty.call(deviceKindWords, kind)
    ? deviceKindWords[kind]
    : undefined
  return known ?? { zh: kind, en: kind }
}
