// The words of each fault of a box, and what to do about it, in both languages. Names in braces are filled with facts.
import type { BilingualText } from '../domain/alarm.ts'

interface Words {
  problem: BilingualText
  remedy: BilingualText
}

const words = (zh: string, en: string, zhRemedy: string, enRemedy: string): Words => ({
  problem: { zh, en },
  remedy: { zh: zhRemedy, en: enRemedy },
})

/** Clock, disk, card, board, network. */
export const machineWords = {
  'clock-impossible': words(
    '时钟是 {at}，不可能',
    'the clock says {at}, which can not be',
    '接通网络，或运行 timedatectl set-ntp true',
    'connect the box to the network, or run timedatectl set-ntp true',
  ),
  'clock-unsynced': words(
    '时钟未校时',
    'the clock is not synced',
    '允许 NTP（UDP 123）或连接镇中心；镇中心的时钟由 NTP 保持时，网关采用其时间',
    'let NTP (UDP 123) through, or connect the centre: the box takes its time where the clock of the centre is kept',
  ),
  'clock-differs': words(
    '时钟与镇中心相差 {seconds} 秒',
    'the clock differs from the centre by {seconds} s',
    '检查网关与镇中心哪一方没有校时',
    'find out which of the two is not synced, and let NTP through there',
  ),
  'disk-low': words(
    '磁盘剩余 {megabytes} MB',
    'only {megabytes} MB {megabytes|is|are} free on the disk',
    '删除不属于本程序的文件，或换更大的卡',
    'delete files that do not belong to the program, or use a larger card',
  ),
  'card-worn': words(
    '按目前写入量，存储卡约 {years} 年后磨损',
    'at the present rate the card is worn out in about {years} {years|year|years}',
    '加大 journal.commitWindowMs，检查哪台设备发送过多，备好新卡',
    'make journal.commitWindowMs longer, look which device sends too often, and have a new card ready',
  ),
  'memory-low': words(
    '可用内存只剩 {megabytes} MB',
    'only {megabytes} MB of memory {megabytes|is|are} available',
    '停用本机其他程序，或重启网关',
    'end other programs on this machine, or restart it',
  ),
  hot: words(
    '主板温度 {degrees} °C',
    'the board has {degrees} °C',
    '移到阴凉处，清理散热孔',
    'move the box into the shade and clean its vents',
  ),
  undervoltage: words(
    '供电电压不足',
    'the supply voltage is too low',
    '更换电源适配器或电源线',
    'use another power supply or a shorter, thicker cable',
  ),
  'on-battery': words(
    '网关正在用电池供电',
    'the box runs on its battery',
    '检查市电、插座和空开',
    'look at the mains, the socket and the breaker',
  ),
  'no-route': words(
    '没有默认路由：本机不知道如何离开本地网络',
    'there is no default route: the machine knows no way out of its network',
    '检查网络设置中的网关地址，或检查 DHCP、4G 拨号',
    'write the gateway address of the network, or look at DHCP or the modem',
  ),
  'route-dead': words(
    '默认网关 {address} 无应答',
    'the gateway of the network, {address}, does not answer',
    '地址写错或路由器已断电：对照路由器标签改正',
    'its address is wrong or the router has no power: compare it with the label of the router',
  ),
  'dns-fails': words(
    '域名 {host} 无法解析',
    'the name {host} can not be found',
    '检查 DNS 设置（/etc/resolv.conf）和域名拼写',
    'look at the DNS servers in /etc/resolv.conf and at the spelling of the name',
  ),
} as const satisfies Record<string, Words>

/** Configuration, folder, journal, certificates, SIM. */
export const boxWords = {
  'config-wrong': words(
    '配置 {path}：{why}',
    'configuration {path}: {why}',
    '改正配置文件中的这一项',
    'correct this entry of the file',
  ),
  'config-idle': words(
    '配置 {path}：{why}',
    'configuration {path}: {why}',
    '补全或删除这一项',
    'complete the entry or remove it',
  ),
  'folder-missing': words(
    '数据目录 {folder} 尚不存在',
    'the data folder {folder} is not there yet',
    '首次启动时创建；若已运行过，检查磁盘是否挂载',
    'the first start makes it; if the box has run before, see whether its disk is mounted',
  ),
  'folder-unwritable': words(
    '数据目录 {folder} 不可写',
    'the data folder {folder} can not be written',
    '检查所有者，以及磁盘是否只读挂载',
    'look at its owner, and whether the disk is mounted read-only',
  ),
  'secret-missing': words(
    '{path}：文件 {file} 不存在或不可读',
    '{path}: the file {file} is not there or can not be read',
    '放入该文件，并让服务用户可读',
    'put the file there, readable for the user of the service',
  ),
  'certificate-wrong': words(
    '{path}：{why}',
    '{path}: {why}',
    '用新的注册码重新登记（gengfu gateway enrol），或放入正确的文件',
    'enrol anew with a code (gengfu gateway enrol), or put the right files there',
  ),
  'certificate-ends': words(
    '证书 {holder} 有效期至 {day}',
    'the certificate {holder} is valid until {day}',
    '接通镇中心后自动续签；手工证书请重新签发',
    'it renews itself when the centre is reached; a certificate made by hand must be issued anew',
  ),
  'journal-salvaged': words(
    '记录库曾损坏并已修复，原件在 damaged-*',
    'the journal was damaged and salvaged; the old files are in damaged-*',
    '更换存储卡',
    'replace the card',
  ),
  'journal-rewound': words(
    '数据目录曾退回到以前的状态',
    'the data folder went back to an earlier state',
    '若未换卡也未恢复过备份，请更换存储卡',
    'if no card was changed and no image restored, replace the card',
  ),
  'journal-filling': words(
    '记录库空间将满',
    'the room for the journal is nearly used up',
    '接通镇中心以便上送，或换更大的卡',
    'connect the centre so that records leave, or use a larger card',
  ),
  'journal-dropping': words(
    '记录库已满，正在舍弃普通记录',
    'the journal is full and gives up routine records',
    '立即接通镇中心，或换更大的卡',
    'connect the centre at once, or use a larger card',
  ),
  'gateway-stopped': words(
    '网关没有运行',
    'the gateway does not run',
    'systemctl status gengfu-gateway，日志中有原因',
    'systemctl status gengfu-gateway; its log gives the reason',
  ),
  'sim-expires': words(
    'SIM 卡 {card} 有效期至 {day}',
    'the SIM {card} is paid until {day}',
    '续费后修改 box.sim.expiresOn',
    'pay for it, then change box.sim.expiresOn',
  ),
  'sim-weak': words(
    'SIM 卡信号 {percent}%',
    'the signal of the SIM is {percent} %',
    '移动天线，或改用信号更好的运营商',
    'move the antenna, or use an operator with a better signal here',
  ),
} as const satisfies Record<string, Words>

/** The way to the centre. */
export const centreWords = {
  'no-centre': words(
    '没有配置镇中心：只在本地工作',
    'no centre is configured: the box works alone',
    '用注册码登记（gengfu gateway enrol），或填写 uplink.url',
    'enrol with a code (gengfu gateway enrol), or write uplink.url',
  ),
  'centre-unreachable': words(
    '连不上镇中心 {host}：{why}',
    'the centre {host} can not be reached: {why}',
    '检查 uplink.url、SIM 卡和防火墙',
    'look at uplink.url, the SIM card and the firewall',
  ),
  'not-linked': words(
    '与镇中心未连接：{why}',
    'not linked to the centre: {why}',
    '按原因处理；证书问题用新的注册码重新登记',
    'do as the reason says; with a certificate that is refused, enrol anew with a code',
  ),
  'link-slow': words(
    '与镇中心的往返时间 {ms} 毫秒',
    'the round trip to the centre takes {ms} ms',
    '检查信号与流量；紧急报警仍优先发送',
    'look at the signal and at other traffic; urgent alarms still go first',
  ),
  'buffer-waits': words(
    '{records} 条记录等待上送',
    '{records} {records|record waits|records wait} for the centre',
    '连接恢复后自动上送；若长期不减，检查链路速率',
    'they leave when the link is back; if the number does not fall, look at the rate of the link',
  ),
  'box-silent': words(
    '网关自 {since} 起失联',
    'the box has been silent since {since}',
    '查供电和网络；电话询问村里，必要时派人',
    'look at power and network; call the village, and send a person if needed',
  ),
  'box-never-heard': words(
    '网关从未连接',
    'the box was never heard',
    '在现场用注册码登记，或取消该网关',
    'enrol it at its place with a code, or retire it',
  ),
} as const satisfies Record<string, Words>

/** Devices, cameras, bridges. */
export const deviceWords = {
  'device-silent': words(
    '设备 {device} 已失联 {hours} 小时',
    'the device {device} has been silent for {hours} h',
    '查电池和距离；按一下测试键，仍无反应则更换',
    'look at its battery and distance; press its test button, and replace it if nothing is heard',
  ),
  'devices-unheard': words(
    '{count} 台设备自启动后没有消息：{devices}',
    '{count} {count|device was|devices were} not heard since the start: {devices}',
    '逐台触发一次（步行测试）',
    'trigger each of them once (walk test)',
  ),
  'battery-low': words(
    '设备 {device} 电量 {percent}%',
    'the battery of {device} has {percent} %',
    '更换电池',
    'change the battery',
  ),
  'battery-ends': words(
    '设备 {device} 的电池约在 {month} 用完',
    'the battery of {device} will be flat in {month}',
    '在此之前更换电池',
    'change the battery before',
  ),
  'signal-weak': words(
    '设备 {device} 信号 {dbm} dBm',
    'the signal of {device} is {dbm} dBm',
    '移近网关或加中继',
    'move it closer to the box, or add a repeater',
  ),
  'device-refused': words(
    '设备 {device} 被拒绝：{why}',
    'the device {device} is refused: {why}',
    '为它生成密码（gengfu gateway password）或在登记中采用它',
    'give it a password (gengfu gateway password), or adopt it',
  ),
  unreadable: words(
    '隔离区有 {count} 条读不懂的消息，如 {topic}：{why}',
    '{count} unreadable {count|message is|messages are} in quarantine, such as {topic}: {why}',
    '检查设备的固件或网桥的 dialect；gengfu decode 可试读',
    'look at the firmware, or at the dialect of the bridge; gengfu decode tries a message',
  ),
  'camera-dead': words(
    '摄像机 {camera}：{zhWhy}',
    'camera {camera}: {why}',
    '检查供电、网线、地址；gengfu camera snapshot 可试拍',
    'look at its power, cable and address; gengfu camera snapshot tries it',
  ),
  'camera-faulty': words(
    '摄像机 {camera}：{zhWhy}',
    'camera {camera}: {why}',
    '按所述原因处理，如密码、时钟或规格',
    'do as the reason says, such as password, clock or profile',
  ),
  'bridge-down': words(
    '网桥 {bridge} 未连接',
    'the bridge {bridge} is not connected',
    '检查网桥程序、USB 接收器和其地址',
    'look at the program of the bridge, its USB stick and its address',
  ),
} as const satisfies Record<string, Words>
