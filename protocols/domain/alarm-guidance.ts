// The guidance for each kind of alarm, in both languages. Zones and devices may have their own.
import type { AlarmKind, BilingualText } from './alarm.ts'

export const alarmGuidance: Readonly<Record<AlarmKind, BilingualText>> = {
  sos: {
    zh: '立即回拨住户电话并看抓拍；无人应答即派最近的村干部或网格员上门，必要时拨打 120 或 110。',
    en: 'Call the household back and look at the snapshot; without an answer send the nearest villager on duty, and call 120 or 110 where needed.',
  },
  assist: {
    zh: '回拨住户，问清需要什么（就医、购物、维修、陪同），派合适的人去；不是紧急情况，但当天要有人答复。',
    en: 'Call the household back, ask what it needs (doctor, shopping, repair, company) and send the right person; no emergency, but answered the same day.',
  },
  'no-activity': {
    zh: '打电话问候；无人应答即请邻居或网格员上门看看，必要时拨打 120。',
    en: 'Ring and ask how they are; without an answer ask a neighbour or the grid worker to look in, and call 120 where needed.',
  },
  fire: {
    zh: '拨打 119，通知附近住户撤离，派人确认火点和人员。',
    en: 'Call 119, get the neighbours out, send someone to find the fire and the people.',
  },
  smoke: {
    zh: '先按真火处理：拨打住户电话，无人应答即拨打 119 并派人上门。',
    en: 'Treat it as a fire: call the household; without an answer call 119 and send someone.',
  },
  gas: {
    zh: '提醒住户不开关电器、不用明火，开窗、关阀、撤离；联系燃气公司。',
    en: 'Tell the household: no switches, no flames, open windows, close the valve, get out; call the gas company.',
  },
  'carbon-monoxide': {
    zh: '立即拨打住户电话，让所有人到室外，不要寻找来源；拨打 119 和 120，说明可能有人中毒。',
    en: 'Ring the household at once: everybody out of the house; do not look for the source. Call 119 and 120 and say that people may be poisoned.',
  },
  water: {
    zh: '看水位趋势和抓拍，按预案通知沿河住户；红色立即组织转移，封闭漫水路口。',
    en: 'Look at the trend and the snapshot, warn the households along the water as planned; on red move people now and close the fords.',
  },
  leak: {
    zh: '联系住户或管护员关闭水阀，检查配电是否受潮。',
    en: 'Have the household or the keeper close the valve and check that no wiring got wet.',
  },
  intrusion: {
    zh: '看抓拍，联系住户核实；无法排除时派巡防员，不要让村民单独查看。',
    en: 'Look at the snapshot, ask the household; if it cannot be ruled out send a patrol, never a villager alone.',
  },
  'exit-error': {
    zh: '联系布防的人回去关好；关不上的先旁路，并记下这处没有防护。',
    en: 'Ask the person who armed it to go back and close it; if it cannot be closed, bypass it: it stays unguarded.',
  },
  tamper: {
    zh: '联系住户核实是否有人移动设备；派维护员检查并复位。',
    en: 'Ask whether a person moved the device; send the maintainer to check and reset it.',
  },
  'device-silent': {
    zh: '这个设备此刻不能报警：联系住户，检查电源、电池和信号。',
    en: 'This device cannot raise an alarm now: call the household, check power, battery and signal.',
  },
  'device-blind': {
    zh: '这个设备说的话无人能懂，可能正在报警：先联系住户或到现场看，再把“首字节”发给设备厂家或维护员。',
    en: 'The messages of this device cannot be decoded, and one may be an alarm: first call the household or look on site, then give the first bytes to the maker or the maintainer.',
  },
  'device-fault': {
    zh: '这个设备可能已不能报警：按所报故障检查探头、线缆或电池；若是读数消失，请在网桥上重新接入它。',
    en: 'It may be unable to raise an alarm: check probe, cable or battery as it says; where a reading has vanished, pair it with its bridge again.',
  },
  'device-battery-low': {
    zh: '安排更换电池。',
    en: 'Plan a new battery.',
  },
  'implausible-reading': {
    zh: '检查探头是否脱落、淤堵或进水；修复前按邻近测点判断。',
    en: 'Check whether the probe is loose, silted or wet; until then judge by the next gauge.',
  },
  'camera-offline': {
    zh: '检查摄像机电源和网线；期间报警没有抓拍。',
    en: 'Check the camera’s power and cable; alarms carry no snapshot meanwhile.',
  },
  'mains-lost': {
    zh: '确认是否全村停电，估计电池可用时间，必要时送备用电源。',
    en: 'Find out whether the whole village is dark, estimate the battery, bring power where needed.',
  },
  'box-tamper': {
    zh: '查看网关旁抓拍，派人检查机箱。',
    en: 'Look at the snapshot near the box, send someone to check the cabinet.',
  },
  'box-battery-low': {
    zh: '尽快恢复市电或更换电池；断电后本村将失联。',
    en: 'Restore mains or change the battery soon; without power the village goes silent.',
  },
  'box-silent': {
    zh: '电话联系村里确认是否停电断网；本村报警此刻到不了中心。',
    en: 'Phone the village about power and network; its alarms cannot reach the centre now.',
  },
  'box-doubled': {
    zh: '电话问村里哪一台是真的；停用另一台，吊销其证书，换发密钥。',
    en: 'Ask the village which box is theirs; switch the other off, revoke its certificate, issue new keys.',
  },
  'box-disk-full': {
    zh: '恢复上行链路以清空积压；检查存储寿命。',
    en: 'Bring the uplink back so that the backlog drains; check the wear of the storage.',
  },
  'box-dropping': {
    zh: '尽快恢复上行链路；红色和橙色记录不受影响。',
    en: 'Bring the uplink back; red and orange records are not affected.',
  },
  'clock-unsynced': {
    zh: '检查对时服务；期间时间标为未同步，布防时间表可能不准。',
    en: 'Check time service; times are marked unsynced and arming schedules may be off.',
  },
  'journal-damaged': {
    zh: '核对抢救条数，安排更换存储介质。',
    en: 'Compare the count salvaged, plan a new storage medium.',
  },
  'journal-rewound': {
    zh: '问清是否换过卡或恢复过备份；否则存储卡已坏，尽快更换。期间未上送的记录可能已丢失。',
    en: 'Ask whether the card was changed or an image restored; if not, the card is failing: replace it soon. Records that were not sent may be lost.',
  },
  'box-not-keeping': {
    zh: '尽快更换存储卡；在此之前断电会丢失未上送的内容，“未存于网关”的呼救照常处置。',
    en: 'Replace the card soon; until then a power cut loses what has not gone up. Handle calls marked as not kept at the box as any other.',
  },
  'box-over-limit': {
    zh: '与村里核实：是否有设备故障刷屏或正在补送积压；确属本村所需则调高 uplink.boxLimits，证书被盗用则吊销。',
    en: 'Ask the village whether a device floods or a backlog comes in; raise uplink.boxLimits if the village needs it, revoke the certificate if it is stolen.',
  },
  'alarm-unreadable': {
    zh: '立即电话联系该村值班员，问清谁需要帮助，按其答复处置；村内的警号、灯和值守屏不受影响。再告知维护人员：中心须升级到不旧于网关的版本。',
    en: 'Call the village at once, ask who needs help, and handle it as its watch says; sirens, lamps and the screen in the village work as ever. Then call the maintainer: the centre needs a version that is not older than the box.',
  },
  'centre-rewound': {
    zh: '问清是否恢复过备份；网关会重送记录，但此后在中心做过的处置、账号与口令改动要人工补上。',
    en: 'Ask whether a backup was restored. Boxes send their records again; steps of cases, accounts and passwords changed since then have to be done again by hand.',
  },
  'centre-clock-off': {
    zh: '在中心启用对时（NTP）；在此之前，中心显示的时间不可信，无时钟的网关不采用它。',
    en: 'Set up NTP at the centre; until then the times that it shows are wrong, and boxes without a clock do not take its time.',
  },
  'outlet-failed': {
    zh: '未送达的报警请立即打电话告知接收方；在案件页查看接收方的原话，检查网络、地址与密钥，然后用“测试”按钮验证。',
    en: 'Telephone the receiver now with what has not reached it. The case shows its own words; check network, address and keys, then press Test.',
  },
  'outlet-silent': {
    zh: '打电话问接收方是否收到；检查线路。确认之前，不要以为对方已经知道。',
    en: 'Ask the receiver by telephone whether it has it, and check the line. Until then do not take it as known there.',
  },
  'upstream-water': {
    zh: '在水到之前通知低洼处和沿河住户，广播，人员和牲畜离开河道；派人到桥涵、水闸值守；水到后看本村水位。',
    en: 'Before the water arrives: tell the households on low ground and by the river, use the loudspeakers, get people and animals out of the river bed, send someone to bridges and sluices; then watch the own gauge.',
  },
  'certificate-expires': {
    zh: '到期前签发新证书。',
    en: 'Issue a new certificate before it expires.',
  },
  'link-lost': {
    zh: '本村独立工作：本地联动有效，报警先存后传。检查网络。',
    en: 'The village works alone: local rules act, alarms are kept and sent later. Check the network.',
  },
  storm: {
    zh: '先找共同原因（停电、天气、网关、信号），再看清单中最紧急的一条。',
    en: 'Look for one cause first (power, weather, a hub, radio), then at the most urgent line of the list.',
  },
}

/** A person who called in silence may be next to an attacker: a ringing telephone would give them away. */
export const quietGuidance: BilingualText = {
  zh: '不要回拨电话，不要派村民单独上门；立即报警 110，并悄悄查看抓拍。',
  en: 'Do not call back and send no villager alone: call the police (110) at once and look at the snapshot quietly.',
}
