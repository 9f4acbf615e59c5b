"""parallel-ssh, driven line by line over standard input, so that the start of Python counts for nobody.

connect POOL    a new client, connected to nobody yet
run COMMAND     on all hosts; answers: seconds, and how many printed something or ended with 0
rss             this process's resident memory in KiB
"""

import sys
import time

from pssh.clients import ParallelSSHClient
from pssh.config import HostConfig

places_file, user, key, timeout = sys.argv[1:5]
places = [line.split() for line in open(places_file)]
hosts = [address for address, _ in places]
client = None


def config(port):
    return HostConfig(
        user=user, port=int(port), private_key=key, timeout=float(timeout), num_retries=1, allow_agent=False,
        identity_auth=False,
    )


def rss():
    with open("/proc/self/status") as status:
        return next(line.split()[1] for line in status if line.startswith("VmRSS:"))


def run(command):
    begun = time.perf_counter()
    outputs = client.run_command(command, stop_on_errors=False)
    client.join(outputs)
    good = 0
    for output in outputs:
        if output.exception is None:
            list(output.stdout)
            good += output.exit_code == 0
    return time.perf_counter() - begun, good


for line in sys.stdin:
    word, _, rest = line.strip().partition(" ")
    if word == "connect":
        client = ParallelSSHClient(
            hosts, host_config=[config(port) for _, port in places], pool_size=int(rest), timeout=float(timeout)
        )
        print("ok", flush=True)
    elif word == "run":
        print(*run(rest), flush=True)
    elif word == "rss":
        print(rss(), flush=True)
