// The default alarm table as data: the meaning, colour, codes and end of each kind. Designed after ISA-18.2, Contact
// ID, SIA DC-03, GB/T 28181 and CAP; certified to none of them.
import type { AlarmKind } from './alarm.ts'
import { row, variant, type AlarmCodes, type AlarmRow, type Texts } from './kinds/alarm-row.ts'
import { capByColour, gbPriorityByColour, type Colour } from './colour.ts'
import { alarmGuidance, quietGuidance } from './alarm-guidance.ts'

export type { AlarmCodes, AlarmRow, AlarmVariant } from './kinds/alarm-row.ts'

const neverHeldBack: Texts = [
  '立即报警，从不合并、搁置、延迟或抑制',
  'at once; never grouped, shelved, delayed or suppressed',
]

const rows: Record<AlarmKind, Omit<AlarmRow, 'guidance'>> = {
  sos: row(['紧急求助', 'Emergency call'], 'red', ['101', 'QA', 2], neverHeldBack, {
    endsBy: 'answer',
    variants: {
      pressed: variant(['按下', 'pressed']),
      held: variant(['长按', 'held']),
      double: variant(['连按两次', 'pressed twice']),
      duress: variant(['被胁迫', 'under duress'], {
        codes: { contactId: '121', sia: 'HA' },
        guidance: quietGuidance,
      }),
      medical: variant(['医疗', 'medical'], { codes: { contactId: '100', sia: 'MA' } }),
      hostile: variant(['遭遇侵害', 'hostile'], { codes: { contactId: '120', sia: 'PA' } }),
      silent: variant(['无声求助', 'silent'], {
        codes: { contactId: '122', sia: 'HA' },
        guidance: quietGuidance,
      }),
    },
  }),
  assist: row(
    ['求助', 'Asks for help'],
    'yellow',
    ['150', 'UA', 2],
    [
      '按绿键，或设为求助用途的按钮；不参与风暴合并',
      'the green key, or a button that is meant for it; never part of a storm',
    ],
    { endsBy: 'answer' },
  ),
  'no-activity': row(
    ['久无动静', 'No activity'],
    'yellow',
    ['102', 'YX', 2],
    [
      '住户自愿开启：安静时段以外连续 N 小时，家中探测器均无动静；有动静即结束。只保存最后一次动静的时间',
      'a household that asked for it: no movement of any of its sensors for N hours outside of its quiet hours; over with the next movement. Only the time of the last one is kept',
    ],
    { endsBy: 'answer' },
  ),
  fire: row(['火警', 'Fire'], 'red', ['110', 'FA', 2, { event: '12G00' }], neverHeldBack),
  smoke: row(['烟雾', 'Smoke'], 'red', ['111', 'FA', 2, { event: '12G00' }], neverHeldBack),
  gas: row(['燃气泄漏', 'Gas'], 'red', ['151', 'GA', 2, { event: '12P99' }], neverHeldBack),
  'carbon-monoxide': row(
    ['一氧化碳', 'Carbon monoxide'],
    'red',
    ['162', 'GA', 2, { event: '13C03' }],
    neverHeldBack,
  ),
  water: row(
    ['水位报警', 'High water'],
    'orange',
    ['154', 'WA', 7, { event: '11A01' }],
    [
      '达到各级水位即升级；低于该级水位 5 cm 并持续 15 分钟后降级。15 分钟涨 0.3 m 黄色、0.5 m 橙色，60 分钟涨 1.0 m 红色（仅在枯水位以上）；5 分钟内跳变超过 15 cm 须第二个样本确认',
      'up a stage at once; down after 15 min at 5 cm below it. A rise of 0.3 m in 15 min is yellow, 0.5 m in 15 min orange, 1.0 m in 60 min red, only above the dry-season level; a step above 15 cm in 5 min waits for a second sample',
    ],
    {
      variants: {
        'near-warning': variant(['接近警戒水位', 'near warning level'], { colour: 'blue' }),
        warning: variant(['警戒水位', 'warning level'], { colour: 'yellow' }),
        guarantee: variant(['保证水位', 'guarantee level'], { colour: 'orange' }),
        historic: variant(['历史最高或转移水位', 'historic maximum or move-now level'], { colour: 'red' }),
        'rise-yellow': variant(['上涨较快', 'rising fast'], { colour: 'yellow' }),
        'rise-orange': variant(['上涨很快', 'rising very fast'], { colour: 'orange' }),
        'rise-red': variant(['猛涨', 'rising violently'], { colour: 'red' }),
        unconfirmed: variant(['水位突跳后失联', 'silent after an unconfirmed jump'], { colour: 'orange' }),
      },
    },
  ),
  leak: row(
    ['漏水', 'Water leak'],
    'orange',
    ['154', 'WA', 2],
    ['检测到水即报警，干燥后恢复', 'while water is felt'],
  ),
  intrusion: row(
    ['入侵', 'Intrusion'],
    'orange',
    ['130', 'BA', 2, { event: '14B99' }],
    [
      '布防时门磁打开或有人移动；60 秒内同防区第二个探测器确认则升为红色',
      'a contact or motion while armed; red when a second sensor of the zone confirms within 60 s',
    ],
    {
      isGraded: true,
      variants: {
        perimeter: variant(['周界', 'perimeter'], { codes: { contactId: '131' } }),
        entry: variant(['延时后未撤防', 'entry delay ran out'], { codes: { contactId: '134' } }),
        confirmed: variant(['已由第二来源确认', 'confirmed by a second source'], {
          colour: 'red',
          codes: { cap: 'Extreme' },
        }),
      },
    },
  ),
  'exit-error': row(
    ['布防时门未关', 'Door open when arming'],
    'yellow',
    ['374', 'EE', 2],
    [
      '外出延时结束时，或布防时没有外出延时的，门窗仍开着；关好、撤防或旁路后结束',
      'a contact stands open when the exit delay is over, or at the arming where there is none; until it closes, or the zone is disarmed or the device bypassed',
    ],
    { isGraded: true },
  ),
  tamper: row(
    ['设备防拆', 'Device tampered with'],
    'yellow',
    ['383', 'TA', 2],
    ['布防时橙色，否则黄色', 'orange while armed, else yellow'],
    { isGraded: true, variants: { armed: variant(['布防中', 'while armed'], { colour: 'orange' }) } },
  ),
  'device-silent': row(
    ['设备失联', 'Device silent'],
    'yellow',
    ['381', 'YC', 6, { cap: 'Moderate' }],
    ['连续错过三次上报；报警按钮高一级', 'three missed reports; one colour higher for an alarm button'],
    { isGraded: true, variants: { button: variant(['报警按钮', 'alarm button'], { colour: 'orange' }) } },
  ),
  'device-blind': row(
    ['设备读数无法识别', 'Device cannot be read'],
    'yellow',
    ['380', 'YX', 6],
    [
      '已登记设备的消息无法识别：按钮、烟感、燃气为橙色且立即报警；从未读出水位的水位计立即或三个上报周期后报警，读出过的连续三次后报警；恢复可读后结束',
      'the messages of a listed device cannot be decoded: button, smoke and gas orange and at once; a gauge that never gave a level at once or after three report intervals, one that did after three in a row; over when it can be read again',
    ],
    {
      variants: {
        button: variant(['报警按钮', 'alarm button'], { colour: 'orange' }),
        smoke: variant(['烟感', 'smoke detector'], { colour: 'orange' }),
        gas: variant(['燃气探测器', 'gas detector'], { colour: 'orange' }),
        'no-level': variant(['没有水位读数', 'no level in it'], { colour: 'yellow' }),
      },
    },
  ),
  'device-fault': row(
    ['设备自报故障', 'Device says it is faulty'],
    'yellow',
    ['380', 'YX', 6],
    [
      '设备或其网桥报告故障，或原有的关键读数不再出现；故障消失后结束',
      'the device or its bridge names a fault, or a reading that protects people is in its messages no more; over when the fault is',
    ],
    { isGraded: true, variants: { button: variant(['报警按钮', 'alarm button'], { colour: 'orange' }) } },
  ),
  'device-battery-low': row(
    ['设备电量低', 'Device battery low'],
    'blue',
    ['384', 'XT', 6],
    [
      '20 % 及以下，25 % 恢复；报警按钮高一级',
      'at 20 % and below, over at 25 %; one colour higher for an alarm button',
    ],
    { isGraded: true, variants: { button: variant(['报警按钮', 'alarm button'], { colour: 'yellow' }) } },
  ),
  'implausible-reading': row(
    ['读数异常', 'Implausible reading'],
    'yellow',
    ['380', 'YX', 6],
    [
      '连续三次超出量程，或六小时不变（仅在枯水位以上）',
      'three readings in a row out of range, or flat for 6 h (above the dry-season level)',
    ],
    {
      variants: {
        flat: variant(['读数长时间不变', 'flat line']),
        'out-of-range': variant(['超出量程', 'out of range']),
      },
    },
  ),
  'camera-offline': row(
    ['摄像机离线', 'Camera offline'],
    'blue',
    ['380', 'YX', 5],
    ['抓拍失败或无法连接，恢复后结束', 'while it does not answer'],
  ),
  'mains-lost': row(
    ['市电中断', 'Mains lost'],
    'yellow',
    ['301', 'AT', 6],
    ['中断满 60 秒', 'after 60 s without mains'],
  ),
  'box-tamper': row(['网关防拆', 'Box tampered with'], 'orange', ['137', 'TA', 2], ['立即', 'at once']),
  'box-battery-low': row(
    ['网关电池电量低', 'Box battery low'],
    'orange',
    ['302', 'YT', 6],
    ['立即', 'at once'],
  ),
  'box-silent': row(
    ['网关失联', 'Box silent'],
    'orange',
    ['356', 'YC', 6],
    [
      '由中心在 180 秒无心跳后发出，并抑制该村设备失联报警',
      'raised by the centre after 180 s without a heartbeat; mutes the village’s silent devices',
    ],
  ),
  'box-doubled': row(
    ['网关出现在两处', 'Box at two places'],
    'orange',
    ['137', 'TA', 2],
    [
      '由中心发出：十分钟内同一网关轮流以两张证书（往返 2 次）或从两个地址（6 次）连接；十分钟不再出现后结束',
      'raised by the centre when a box sends in turns with two certificates (2 returns) or from two addresses (6) within 10 min; over after 10 min without',
    ],
  ),
  'box-disk-full': row(
    ['记录库将满', 'Journal nearly full'],
    'yellow',
    ['623', 'JL', 6],
    ['用量 90 %', 'at 90 % of its space'],
  ),
  'box-dropping': row(
    ['正在舍弃低级记录', 'Low lanes dropping'],
    'orange',
    ['624', 'JO', 6],
    ['存储已满，低级记录被舍弃时', 'while the full journal sheds low lanes'],
    { codes: { contactId: '624', sia: 'JO', gbMethod: 6, cap: 'Moderate' } },
  ),
  'clock-unsynced': row(
    ['时钟未同步', 'Clock not synced'],
    'yellow',
    ['626', 'JD', 6],
    ['未同步满一小时', 'after an hour without sync'],
  ),
  'journal-damaged': row(
    ['记录库损坏并已抢救', 'Journal damaged and salvaged'],
    'orange',
    ['333', 'YX', 6],
    ['启动时发现，附抢救条数', 'found at start, with the count salvaged'],
    { endsBy: 'answer' },
  ),
  'journal-rewound': row(
    ['记录库退回到以前的状态', 'Journal went back to an earlier state'],
    'orange',
    ['333', 'YX', 6],
    [
      '存储卡或数据目录退回（换卡、恢复备份）：记录号低于已签收或已写过的；随即换用新的编号段',
      'the card or data folder went back (another card, a restored image): numbers below what was receipted or written; new records are numbered anew at once',
    ],
    { endsBy: 'answer' },
  ),
  'box-not-keeping': row(
    ['网关无法保存', 'Box cannot keep anything'],
    'orange',
    ['300', 'YX', 6],
    [
      '存储只读或拒绝写入；警号、灯照常动作，呼救照常上送并注明“未存于网关”；恢复写入后结束',
      'the storage is read-only or refuses writes; siren and lamps still act and calls still go up, marked as not kept at the box; over when it writes again',
    ],
  ),
  'box-over-limit': row(
    ['网关上送超出限额', 'Box sends more than its share'],
    'orange',
    ['300', 'YX', 6],
    [
      '由中心判定：记录超出每日限额（默认 1000 MB，积压可一次 4000 MB）或磁盘配额；红、橙从不受限，其余由网关保留、稍后重送；10 分钟未再超出即结束',
      'raised by the centre: records above its share a day (1000 MB, a backlog of 4000 MB at once) or of the disk; red and orange are never limited, the box keeps the rest and sends it later; over after 10 min within it',
    ],
  ),
  'alarm-unreadable': row(
    ['有报警无法读取', 'An alarm can not be read'],
    'red',
    ['300', 'YX', 6],
    [
      '由中心发出：网关的红、橙记录或报警记录中有中心不认识的内容（网关程序较新或有误），已存入隔离区；颜色同其通道，办结后结束',
      'raised by the centre: a red or orange record, or an alarm, of a box has a part that the centre does not know (a newer or faulty program); it is in quarantine; it has the colour of its lane and stands until its case is archived',
    ],
    { endsBy: 'answer' },
  ),
  'centre-rewound': row(
    ['中心的数据退回到以前的状态', "Centre's data went back to an earlier state"],
    'orange',
    ['333', 'YX', 6],
    [
      '由中心判定：网关已得到的回执多于中心所存（恢复了旧备份、换了磁盘）；向网关要回，最后一次发现后满一天结束',
      'raised by the centre: boxes were receipted more than is stored (an older backup or disk); the boxes are asked for it; over a day after the last evidence',
    ],
  ),
  'centre-clock-off': row(
    ['中心时钟有误', "Centre's clock is wrong"],
    'yellow',
    ['626', 'JD', 6],
    [
      '由中心判定：中心的时钟无人校准，且与一个已对时的网关相差满 5 分钟；相符或启用对时后结束',
      "raised by the centre: nothing keeps its clock, and it differs by 5 min or more from that of a box whose clock is kept; over when they agree or the centre's is kept",
    ],
  ),
  'outlet-failed': row(
    ['出口未能送达', 'Outlet fails'],
    'orange',
    ['354', 'YC', 6],
    [
      '由中心发出，或由网关就自己的出口发出：红、橙消息在限定时间内（默认 60 秒）未能交给接收方，或任何消息到期放弃、被拒收；下一次送达后结束',
      'raised by the centre, or by a box about its own outlets: a red or orange message is not handed over in time (60 s by default), or any message is given up or refused; over with the next one that is handed over',
    ],
  ),
  'outlet-silent': row(
    ['接收方无应答', 'Receiver silent'],
    'orange',
    ['350', 'YC', 6],
    [
      '由中心发出，或由网关就自己的出口发出：接收方未按时应答心跳，或已交出的消息未在约定时间内得到确认；再次应答后结束',
      'raised by the centre, or by a box about its own outlets: a receiver does not answer its supervision, or does not confirm within its time what was handed over; over when it answers again',
    ],
  ),
  'upstream-water': row(
    ['上游来水', 'Water from upstream'],
    'orange',
    ['154', 'WA', 7, { event: '11A01' }],
    ['由中心联动发出；水头过后结束', 'by a linkage; over when the water has passed'],
  ),
  'certificate-expires': row(
    ['证书即将到期', 'Certificate expires'],
    'blue',
    ['616', 'YX', 6],
    ['到期前 30 天', '30 days before it expires'],
  ),
  'link-lost': row(
    ['与中心断联', 'Link to the centre lost'],
    'yellow',
    ['356', 'YC', 6],
    ['断联满 180 秒', 'after 180 s without the centre'],
  ),
  storm: row(
    ['报警风暴', 'Alarm storm'],
    'yellow',
    ['606', 'YX', 6],
    [
      '十分钟内红色以下同类超过 5 起或总行数用尽时并为一行并计数；颜色取其中最高；记录库保留全部',
      'one line with a count when more than 5 of a kind, or more lines than people can read, come in 10 min; the highest colour below red among them; the log keeps all',
    ],
  ),
}

/** Every kind with its guidance. */
export const alarmTable: Readonly<Record<AlarmKind, AlarmRow>> = Object.freeze(
  Object.fromEntries(
    (Object.keys(rows) as AlarmKind[]).map((kind) => [
      kind,
      { ...rows[kind], guidance: alarmGuidance[kind] },
    ]),
  ) as Record<AlarmKind, AlarmRow>,
)

/** The codes of one alarm in its present state: its kind's, its variant's if different, and those of its colour. */
export function alarmCodes(alarm: { kind: AlarmKind; variant?: string | undefined; colour: Colour }) {
  const { codes, variants } = alarmTable[alarm.kind]
  const own = alarm.variant === undefined ? undefined : variants?.[alarm.variant]?.codes
  const merged: AlarmCodes = { ...codes, ...own }
  return {
    contactId: merged.contactId,
    sia: merged.sia,
    gbPriority: gbPriorityByColour[alarm.colour],
    gbMethod: merged.gbMethod,
    cap: merged.cap ?? capByColour[alarm.colour],
    event: merged.event,
  }
}
