// The sentences around a handover sheet at the desk, in both languages.
import type { BilingualText } from '../../../protocols/domain/alarm.ts'

export const handoverPageWords = {
  back: { zh: '← 返回村庄', en: '← Back to the villages' },
  none: {
    zh: '{box} 还没有交接单：安装员在网关控制台的“交接单”页保存后自动送来。',
    en: '{box} has sent no handover sheet yet: it comes once the installer has saved it at the console of the box.',
  },
  older: { zh: '历次：', en: 'All of them:' },
  link: { zh: '交接单', en: 'Handover sheet' },
} as const satisfies Record<string, BilingualText>
