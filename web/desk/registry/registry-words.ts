// The sentences of the registry, in both languages.
import type { BilingualText } from '../../../protocols/domain/alarm.ts'
import type { DivisionLevel } from '../../../protocols/desk/villages/registry.ts'

export const registryWords = {
  registry: { zh: '区划台账', en: 'Registry' },
  show: { zh: '打开台账', en: 'Open the registry' },
  under: { zh: '区划或村', en: 'Division or village' },
  everything: { zh: '全部', en: 'All' },
  zones: { zh: '防区', en: 'Zones' },
  devices: {
    zh: '设备 {count} 台，{bad} 台有问题',
    en: '{count} {count|device|devices}, {bad} with an alarm',
  },
  noList: { zh: '此网关尚未上报清单', en: 'this box has not sent its list yet' },
  cut: { zh: '清单过长，未全部显示', en: 'the list is longer than shown' },
  contacts: { zh: '联系人', en: 'Contacts' },
  noContacts: { zh: '名册中无人服务于此村', en: 'the roster has no person for this village' },
  onDuty: { zh: '值班中', en: 'on duty' },
  phone: { zh: '显示电话（会留痕）', en: 'Show the number (recorded)' },
  more: { zh: '更多', en: 'More' },
  villages: { zh: '{count} 村', en: '{count} {count|village|villages}' },
} satisfies Record<string, BilingualText>

export const levelWords: Readonly<Record<DivisionLevel, BilingualText>> = {
  province: { zh: '省', en: 'province' },
  city: { zh: '市', en: 'city' },
  county: { zh: '县（区）', en: 'county' },
  town: { zh: '镇', en: 'town' },
  village: { zh: '村', en: 'village' },
}
