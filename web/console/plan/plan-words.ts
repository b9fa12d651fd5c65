// The console's words about the village plan.

export const planWords = {
  title: { zh: '村庄平面图', en: 'Village plan' },
  hint: {
    zh: '把设备拖到图上的位置，再保存；值守台的地图和报警单随即按此显示。键盘：选中后用方向键移动，Shift 加快，Delete 移出。',
    en: 'Drag each device to its place and save: the map and the alarm sheets of the desk show it there. Keyboard: arrows move the chosen one, Shift moves faster, Delete takes it off.',
  },
  upload: { zh: '上传平面图（PNG、JPEG、WebP）', en: 'Upload the plan (PNG, JPEG, WebP)' },
  uploading: { zh: '正在上传…', en: 'Uploading…' },
  tooLarge: { zh: '图片超过 5 MB，请缩小后再传。', en: 'The picture is larger than 5 MB: make it smaller.' },
  noPicture: {
    zh: '还没有平面图：手绘拍照、航拍图均可。没有图也可以先摆放。',
    en: 'No plan yet: a photo of a drawing or an aerial picture will do. Devices can be placed without one.',
  },
  plan: { zh: '平面图', en: 'Plan' },
  unplaced: { zh: '未摆放（{count}）', en: 'Not on the plan ({count})' },
  placed: { zh: '已摆放（{count}）', en: 'On the plan ({count})' },
  place: { zh: '放到图上', en: 'Put it on the plan' },
  takeOff: { zh: '移出', en: 'Take off' },
  zone: { zh: '防区', en: 'zone' },
  at: { zh: '左 {x}%，上 {y}%', en: '{x} % from the left, {y} % from the top' },
  keep: { zh: '保存 {count} 处更改', en: 'Save {count} {count|change|changes}' },
  keepNone: { zh: '保存', en: 'Save' },
  undo: { zh: '放弃更改', en: 'Undo' },
  working: { zh: '正在保存，网关数秒内生效…', en: 'Saving; the box has it within seconds…' },
  saved: { zh: '已保存。', en: 'Saved.' },
  all: { zh: '所有设备都已摆放。', en: 'Every device is on the plan.' },
}
