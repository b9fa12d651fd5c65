# A Modbus RTU gauge behind a serial adapter: `serial-gauge.py LINK VALUE` makes a pair of pseudo-terminals with a wire between
# them, links one as LINK, and runs pymodbus's serial server on the other with VALUE in holding register 10 of unit 3.
import os, pty, sys, threading, tty
import pymodbus.datastore as d, pymodbus.server as s, pymodbus.transaction as t

link, value = sys.argv[1], int(sys.argv[2])
ends = [pty.openpty(), pty.openpty()]
for main, other in ends:
    tty.setraw(other)


def carry(source, target):
    while True:
        os.write(target, os.read(source, 4096))


for source, target in ((0, 1), (1, 0)):
    threading.Thread(target=carry, args=(ends[source][0], ends[target][0]), daemon=True).start()
if os.path.lexists(link):
    os.remove(link)
os.symlink(os.ttyname(ends[0][1]), link)
unit = d.ModbusSlaveContext(hr=d.ModbusSequentialDataBlock(0, [0] * 10 + [value, 0]), zero_mode=True)
print('open', flush=True)
s.StartSerialServer(
    context=d.ModbusServerContext(slaves={3: unit}, single=False),
    framer=t.ModbusRtuFramer,
    port=os.ttyname(ends[1][1]),
    baudrate=19200,
)
