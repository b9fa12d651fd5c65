"""What systemd does with WatchdogSec and Restart=always, for machines without it: supervisor.py SOCKET SECONDS PROGRAM [ARGUMENT ...]

Ends the program when it was not fed in time, as systemd does (SIGABRT, then SIGKILL after TimeoutStopSec=6), starts it again
after RestartSec=2, and writes one JSON line for each end. SIGTERM ends both; so does a SIGKILL, by the kernel.
"""
import ctypes, json, os, select, signal, socket, subprocess, sys, time

address, limit, command = sys.argv[1], float(sys.argv[2]), sys.argv[3:]
inbox = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
inbox.bind(address)
environment = dict(os.environ, NOTIFY_SOCKET=address, WATCHDOG_USEC=str(int(limit * 1e6)))
program = None
libc = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1


def end_with_supervisor():
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def leave(_signal, _frame):
    if program:
        program.terminate()
        program.wait()
    sys.exit(0)


signal.signal(signal.SIGTERM, leave)
while True:
    program = subprocess.Popen(command, env=environment, preexec_fn=end_with_supervisor)
    fed = time.monotonic()
    while program.poll() is None:
        if select.select([inbox], [], [], 0.2)[0] and b"WATCHDOG=1" in inbox.recv(4096):
            fed = time.monotonic()
        if time.monotonic() - fed > limit:
            program.send_signal(signal.SIGABRT)
            try:
                program.wait(6)
            except subprocess.TimeoutExpired:
                program.kill()
                program.wait()
            print(json.dumps({"msg": "the watchdog ended the program", "unfedS": round(time.monotonic() - fed, 1)}), flush=True)
    time.sleep(2)
