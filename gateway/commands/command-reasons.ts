// Why the box refused a command of its centre, or did it only in part: a fixed code, and a sentence for each reader.
import type { CentreCommandResult } from '../../protocols/uplink/command.ts'

export type CommandReason = NonNullable<CentreCommandResult['reason']>

const wordings = {
  unreadable: { zh: '网关读不懂此命令', en: 'the box can not read this command' },
  'unknown-kind': { zh: '网关不认识此种命令', en: 'the box does not know this kind of command' },
  'not-allowed': {
    zh: '网关的配置不允许中心下达此种命令（commands.allow）',
    en: 'the configuration of the box does not let the centre do this (commands.allow)',
  },
  incomplete: { zh: '命令不完整，缺少', en: 'the command is incomplete; it lacks' },
  expired: { zh: '命令送达时已过期，未执行', en: 'the command came too late and was not carried out' },
  'no-zone': { zh: '网关没有此防区', en: 'the box has no such zone' },
  'no-device': { zh: '网关没有此设备', en: 'the box has no such device' },
  'no-siren': { zh: '没有可用的警号', en: 'there is no siren' },
  'no-loudspeaker': { zh: '没有广播喇叭或显示屏', en: 'there is no loudspeaker and no sign' },
  'no-camera': { zh: '那里没有摄像机', en: 'there is no camera there' },
  'no-alarm': { zh: '此报警在网关上已结束', en: 'that alarm does not stand at the box any more' },
  'no-alarm-there': {
    zh: '该摄像机所在防区没有报警，不得拍照',
    en: 'no alarm stands in the zone of that camera, so it may not take a picture',
  },
  'silent-alarm': {
    zh: '这是静默求助，现场鸣响会危及求助人',
    en: 'this is a silent call for help: a siren would betray who called',
  },
  'engine-refused': { zh: '报警引擎拒绝', en: 'the alarm engine refused' },
  'red-stays': { zh: '红色报警不能搁置', en: 'a red alarm can not be shelved' },
  'device-refused': { zh: '设备拒绝或失败', en: 'the device refused or failed' },
  'handed-over': {
    zh: '已送出；该设备无法确认是否执行',
    en: 'handed over; this device can not confirm that it was carried out',
  },
  'no-answer': {
    zh: '设备未在时限内回答，是否执行不详',
    en: 'the device did not answer in time: not known whether it ran',
  },
  'power-lost': {
    zh: '执行期间网关断电，是否执行不详',
    en: 'the box lost power meanwhile: not known whether it ran',
  },
  interrupted: {
    zh: '执行期间网关程序重启，是否完成不详',
    en: 'the program of the box restarted meanwhile: not known whether it was finished',
  },
  'camera-failed': { zh: '摄像机未能拍照', en: 'the camera took no picture' },
  partly: { zh: '只完成了一部分', en: 'done in part only' },
  'no-enrolment': {
    zh: '网关没有用注册码登记，无法向中心发送支持包',
    en: 'the box was not enrolled with a code: it has no address to send a support bundle to',
  },
  'bundle-failed': { zh: '支持包未能送到中心', en: 'the support bundle could not be sent to the centre' },
  'no-console': {
    zh: '网关的控制台未运行：端口被占用或其人员文件损坏',
    en: 'the console of the box does not run: its port is taken, or its file of people is damaged',
  },
  'no-updates': {
    zh: '网关不取更新：未安装软件包，或未配置 updates.url',
    en: 'the box fetches no updates: it was not installed as a package, or updates.url is not set',
  },
  'update-refused': { zh: '网关不接受该版本', en: 'the box does not take this release' },
  'update-failed': { zh: '更新未能取得或放置', en: 'the release could not be fetched or put in place' },
  'went-back': {
    zh: '新版本未能证明可用，已自动退回原版本',
    en: 'the new version did not prove itself; the box went back to the one before',
  },
  'section-closed': {
    zh: '网关不允许中心修改此部分配置（commands.sections）',
    en: 'the box does not let the centre change this section (commands.sections)',
  },
  'config-wrong': { zh: '配置有误', en: 'the configuration would not be valid' },
  'config-busy': {
    zh: '另一次配置修改正在试用',
    en: 'another change of the configuration is on trial',
  },
  'config-failed': { zh: '配置未能写入', en: 'the configuration could not be written' },
  'config-taken-back': {
    zh: '用新配置在时限内连不上中心，已恢复旧配置',
    en: 'with the changed configuration the centre was not reached in time: the old one is back',
  },
} as const
export type ReasonCode = keyof typeof wordings

/** `detail` is language-neutral: ids, numbers, the text of an engine or a device. */
export function commandReason(code: ReasonCode, detail = ''): CommandReason {
  const { zh, en } = wordings[code]
  const rest = detail.slice(0, 300)
  return rest === '' ? { code, zh, en } : { code, zh: `${zh}：${rest}`, en: `${en}: ${rest}` }
}
