"""Two TUN devices joined by a loop that delays, loses, doubles, reorders, cuts and resets: a bad link between two network
namespaces. Takes one JSON command a line on standard input, answers each with a line, ends with its input."""
import fcntl
import heapq
import json
import os
import random
import select
import socket
import struct
import sys
import time

TUNSETIFF = 0x400454CA
IFF_TUN_NO_PI = 0x1001
PACKET_BYTES_MAX = 65536
# Packets on their way; beyond it the link loses them, as any queue does.
HELD_MAX = 20_000
COMMAND_BYTES_MAX = 65536
LINES_MAX = 256

FIN, SYN, RST, ACK = 1, 2, 4, 16


def open_tun(name):
    fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN_NO_PI))
    return fd


def new_line():
    return {
        "delayMs": 0.0,  # one way
        "jitterMs": 0.0,  # at most this much more
        "isOrdered": True,  # jitter keeps the order, as a radio link does; else packets overtake
        "lossPercent": 0.0,
        "duplicatePercent": 0.0,
        "refusePercent": 0.0,  # of new connections, reset at their first packet
        "cut": "none",  # none, both, up, down; reset answers every packet with RST
    }


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def reset_for(packet):
    """The RST that makes the sender of this TCP segment give up its connection; None when none is called for."""
    head = (packet[0] & 15) * 4
    if packet[9] != socket.IPPROTO_TCP or len(packet) < head + 20:
        return None
    source, target = packet[12:16], packet[16:20]
    source_port, target_port, seq, ack = struct.unpack_from("!HHII", packet, head)
    offset, flags = packet[head + 12] >> 4, packet[head + 13]
    if flags & RST:
        return None
    if flags & ACK:
        seq_out, ack_out, flags_out = ack, 0, RST
    else:
        length = len(packet) - head - offset * 4 + (1 if flags & (SYN | FIN) else 0)
        seq_out, ack_out, flags_out = 0, (seq + length) & 0xFFFFFFFF, RST | ACK
    tcp = struct.pack("!HHIIBBHHH", target_port, source_port, seq_out, ack_out, 5 << 4, flags_out, 0, 0, 0)
    pseudo = target + source + struct.pack("!BBH", 0, socket.IPPROTO_TCP, len(tcp))
    tcp = tcp[:16] + struct.pack("!H", checksum(pseudo + tcp)) + tcp[18:]
    ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(tcp), 0, 0, 64, socket.IPPROTO_TCP, 0) + target + source
    return ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:] + tcp


class Loop:
    def __init__(self, box_name, centre_name, seed):
        self.box = open_tun(box_name)
        self.centre = open_tun(centre_name)
        self.chance = random.Random(seed)
        self.lines = {}
        self.refused = {}
        self.held = []
        self.order = 0
        self.last_due = {}
        self.counts = {"carried": 0, "lost": 0, "doubled": 0, "cut": 0, "reset": 0, "overtook": 0}

    def line(self, number):
        if number not in self.lines:
            if len(self.lines) >= LINES_MAX:
                raise SystemExit("more lines than this link has")
            self.lines[number] = new_line()
        return self.lines[number]

    def take(self, packet, is_up):
        if packet[0] >> 4 != 4 or len(packet) < 20:
            return
        # The last byte of the centre's address names the line.
        number = packet[19] if is_up else packet[15]
        line = self.line(number)
        if self.is_refused(packet, line, is_up) or line["cut"] == "reset":
            self.counts["reset"] += 1
            answer = reset_for(packet)
            if answer:
                self.write(self.box if is_up else self.centre, answer)
            return
        if line["cut"] in ("both", "up" if is_up else "down"):
            self.counts["cut"] += 1
            return
        if self.chance.random() * 100 < line["lossPercent"]:
            self.counts["lost"] += 1
            return
        self.hold(packet, line, number, is_up)
        if self.chance.random() * 100 < line["duplicatePercent"]:
            self.counts["doubled"] += 1
            self.hold(packet, line, number, is_up)

    def is_refused(self, packet, line, is_up):
        head = (packet[0] & 15) * 4
        if packet[9] != socket.IPPROTO_TCP or len(packet) < head + 20 or not is_up:
            return False
        port = struct.unpack_from("!H", packet, head)[0]
        key = packet[19], port
        if packet[head + 13] & (SYN | ACK) == SYN:
            self.refused[key] = self.chance.random() * 100 < line["refusePercent"]
        return self.refused.get(key, False)

    def hold(self, packet, line, number, is_up):
        if len(self.held) >= HELD_MAX:
            self.counts["lost"] += 1
            return
        due = time.monotonic() + (line["delayMs"] + self.chance.random() * line["jitterMs"]) / 1000
        before = self.last_due.get((number, is_up), 0)
        if line["isOrdered"]:
            due = max(due, before)
        elif due < before:
            self.counts["overtook"] += 1
        self.last_due[(number, is_up)] = max(due, before)
        self.order += 1
        heapq.heappush(self.held, (due, self.order, self.centre if is_up else self.box, packet))

    def write(self, fd, packet):
        try:
            os.write(fd, packet)
            self.counts["carried"] += 1
        except OSError:
            # The device is down or its queue is full: a link loses packets then.
            self.counts["lost"] += 1

    def deliver(self):
        now = time.monotonic()
        while self.held and self.held[0][0] <= now:
            _, _, fd, packet = heapq.heappop(self.held)
            self.write(fd, packet)

    def read(self, fd):
        for _ in range(64):
            try:
                packet = os.read(fd, PACKET_BYTES_MAX)
            except OSError:
                return
            self.take(packet, fd == self.box)

    def obey(self, text):
        command = json.loads(text)
        for number in command.get("lines", []):
            line = self.line(number)
            for name, value in command["faults"].items():
                if name not in line:
                    raise SystemExit(f"a link knows no {name}")
                line[name] = value
        print(json.dumps(self.counts), flush=True)

    def run(self):
        print("ready", flush=True)
        pending = b""
        while True:
            wait = max(0.0, self.held[0][0] - time.monotonic()) if self.held else 1.0
            ready, _, _ = select.select([self.box, self.centre, 0], [], [], wait)
            if 0 in ready:
                data = os.read(0, COMMAND_BYTES_MAX)
                if data == b"":
                    return
                *whole, pending = (pending + data).split(b"\n")
                for text in whole:
                    self.obey(text)
            for fd in (self.box, self.centre):
                if fd in ready:
                    self.read(fd)
            self.deliver()


Loop(sys.argv[1], sys.argv[2], int(sys.argv[3])).run()
