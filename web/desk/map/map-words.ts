// The sentences of the map, in both languages.
import type { BilingualText } from '../../../protocols/domain/alarm.ts'

export const mapWords = {
  map: { zh: '地图', en: 'Map' },
  town: { zh: '全镇', en: 'The town' },
  back: { zh: '← 返回全镇', en: '← Back to the town' },
  villages: { zh: '村庄', en: 'Villages' },
  devices: { zh: '设备', en: 'Devices' },
  zoomIn: { zh: '放大', en: 'Zoom in' },
  zoomOut: { zh: '缩小', en: 'Zoom out' },
  whole: { zh: '显示全部', en: 'Show all' },
  waiting: { zh: '{colour}待接警', en: '{colour} waits' },
  accepted: { zh: '{colour}处理中', en: '{colour} in progress' },
  quiet: { zh: '无报警', en: 'no alarm' },
  open: { zh: '{count} 条', en: '{count} open' },
  boxState: { zh: '网关{state}', en: 'box {state}' },
  plan: { zh: '{name}平面图', en: 'Plan of {name}' },
  openPlan: { zh: '平面图', en: 'plan' },
  noPlace: { zh: '未标位置', en: 'no place on the map' },
  notOnPlan: { zh: '未标在图上', en: 'not on the plan' },
  noPlan: {
    zh: '此村没有平面图：带班或管理员可在此上传，安装员可在网关控制台上传。',
    en: 'This village has no plan: a supervisor uploads one here, or an installer at the console of the box.',
  },
  uploadPlan: { zh: '上传平面图（PNG、JPEG、WebP）', en: 'Upload a plan (PNG, JPEG, WebP)' },
  removePlan: { zh: '删除上传的平面图', en: 'Remove the uploaded plan' },
  planUploaded: { zh: '已上传。', en: 'Uploaded.' },
  planOfBox: { zh: '此图由网关的安装员上传。', en: 'The installer of the box uploaded this plan.' },
  planTooLarge: {
    zh: '图片超过 5 MB，请缩小后再传。',
    en: 'The picture is larger than 5 MB: make it smaller.',
  },
  noMap: {
    zh: '还没有村庄的位置。在中心配置的 map.villages 中写明 at（经纬度及坐标系）。',
    en: 'No village has a position yet: name it as at (lat, lon and system) under map.villages in the configuration of the centre.',
  },
  noTiles: {
    zh: '瓦片文件读不出，仅显示位置。',
    en: 'The file of tiles can not be read: the positions alone are shown.',
  },
  find: { zh: '查找', en: 'Find' },
  unknownVillage: { zh: '没有这个村庄。', en: 'There is no such village.' },
  reading: { zh: '正在读取…', en: 'Reading…' },
  sheet: { zh: '打开报警', en: 'Open the alarm' },
} as const satisfies Record<string, BilingualText>
