"""Drives an engine as users of docker-py do. DOCKER_HOST: the engine; CLIENT_IMAGE: an image with busybox."""

import io
import json
import os
import sys
import tarfile
import time

import docker
from docker.errors import APIError, ContainerError, ImageNotFound, NotFound

IMAGE = os.environ["CLIENT_IMAGE"]
LABELS = {"client": "docker-py"}
FILTERS = {"label": "client=docker-py"}
client = docker.from_env()


def step(name):
    """Runs a step at once and prints what it gave as one line of JSON."""

    def run(work):
        try:
            line = {"step": name, "result": work()}
        except APIError as error:
            line = {"step": name, "error": {"status": error.status_code, "message": error.explanation}}
        except Exception as error:
            line = {"step": name, "error": {"kind": type(error).__name__, "message": str(error)}}
        print(json.dumps(line), flush=True)

    return run


def create(name, command, **more):
    return client.containers.create(IMAGE, command, name=name, labels=LABELS, network_mode="none", **more)


@step("ping and version")
def _():
    return [client.ping(), client.version()["Os"]]


@step("run to its end")
def _():
    return client.containers.run(IMAGE, "echo hello", remove=True, network_mode="none", labels=LABELS).decode()


@step("run that fails")
def _():
    try:
        client.containers.run(IMAGE, ["sh", "-c", "echo bad >&2; exit 3"], remove=True, network_mode="none")
    except ContainerError as error:
        return [error.exit_status, error.stderr.decode()]


@step("run of an image that is not there")
def _():
    try:
        client.api.create_container("no-such-image", "true")
    except ImageNotFound as error:
        return [error.status_code, error.explanation]


@step("life")
def _():
    web = client.containers.run(IMAGE, "sleep 1000", detach=True, name="py-web", labels=LABELS, network_mode="none")
    seen = [web.status]
    web.reload()
    seen.append(web.status)
    web.pause()
    web.reload()
    seen.append(web.status)
    web.unpause()
    web.rename("py-web2")
    web.reload()
    seen.append(web.name)
    web.rename("py-web")
    web.restart(timeout=0)
    web.stop(timeout=0)
    web.reload()
    seen.append([web.status, web.attrs["State"]["ExitCode"]])
    web.start()
    return seen


@step("list")
def _():
    found = client.containers.list(filters=FILTERS)
    return [[one.name, one.status, one.image.tags] for one in found]


@step("exec")
def _():
    web = client.containers.get("py-web")
    code, output = web.exec_run(["sh", "-c", "echo out; echo err >&2; exit 5"], demux=True)
    return [code, output[0].decode(), output[1].decode()]


@step("exec as a stream, with a user, a folder and an environment")
def _():
    web = client.containers.get("py-web")
    _, stream = web.exec_run(
        ["sh", "-c", "id -u; pwd; echo $WORD"], stream=True, user="1000", workdir="/tmp", environment={"WORD": "w"}
    )
    return b"".join(stream).decode()


@step("exec over a socket")
def _():
    made = client.api.exec_create("py-web", ["cat"], stdin=True)
    sock = client.api.exec_start(made["Id"], socket=True)
    sock._sock.sendall(b"typed\n")
    sock._sock.shutdown(1)
    data = b""
    while True:
        chunk = sock._sock.recv(4096)
        if not chunk:
            break
        data += chunk
    return data[8:].decode()


@step("top and update")
def _():
    web = client.containers.get("py-web")
    processes = len(web.top()["Processes"])
    web.update(mem_limit="64m", memswap_limit="128m")
    web.reload()
    return [processes, web.attrs["HostConfig"]["Memory"]]


@step("files in and out, and what they changed")
def _():
    web = client.containers.get("py-web")
    with open(os.environ["CLIENT_TAR"], "rb") as tar:
        put = web.put_archive("/tmp", tar)
    chunks, stat = web.get_archive("/etc/group")
    archive = b"".join(chunks)
    changed = [change["Path"] for change in web.diff()]
    return [put, stat["name"], stat["size"], b"root:x:0:" in archive, "/tmp/bin" in changed]


@step("stats")
def _():
    web = client.containers.get("py-web")
    once = web.stats(stream=False)
    stream = web.stats(stream=True, decode=True)
    second = next(stream)
    return [once["name"], once["pids_stats"]["current"], second["memory_stats"]["usage"] > 0]


@step("commit")
def _():
    web = client.containers.get("py-web")
    image = web.commit(repository="py-commit", tag="one", message="kept", conf={"Labels": {"kept": "yes"}})
    seen = [image.tags, image.attrs["Comment"], image.labels.get("kept")]
    client.images.remove("py-commit:one")
    return seen


@step("kill, wait, remove")
def _():
    web = client.containers.get("py-web")
    web.kill()
    code = web.wait()["StatusCode"]
    web.remove()
    try:
        client.containers.get("py-web")
    except NotFound as error:
        return [code, error.explanation]


@step("name taken")
def _():
    create("py-twice", "true")
    try:
        create("py-twice", "true")
    finally:
        client.containers.get("py-twice").remove()


@step("logs")
def _():
    talker = create("py-logs", ["sh", "-c", "for i in 1 2 3; do echo line $i; sleep 0.1; done"])
    talker.start()
    followed = b"".join(talker.logs(stream=True, follow=True)).decode()
    stamped = talker.logs(timestamps=True, tail=1).decode()
    talker.remove()
    return [followed, stamped.split(" ", 1)[1]]


@step("attach")
def _():
    cat = create("py-cat", "cat", stdin_open=True)
    sock = cat.attach_socket(params={"stdin": 1, "stdout": 1, "stream": 1})
    cat.start()
    sock._sock.sendall(b"typed\n")
    head = b""
    while len(head) < 14:
        head += sock._sock.recv(64)
    sock.close()
    cat.remove(force=True)
    return head[8:].decode()


@step("limits and mounts are asked for as written")
def _():
    made = create(
        "py-wishes",
        "true",
        mem_limit="32m",
        cpu_shares=512,
        ulimits=[docker.types.Ulimit(name="nofile", soft=100, hard=200)],
        tmpfs={"/scratch": "size=1m"},
        mounts=[docker.types.Mount("/data", "py-data")],
        restart_policy={"Name": "on-failure", "MaximumRetryCount": 2},
        healthcheck={"test": ["CMD", "true"], "interval": 1000000000},
        extra_hosts={"db": "10.0.0.9"},
        environment=["A=b"],
    )
    host = made.attrs["HostConfig"]
    wishes = [host[name] for name in ("Memory", "CpuShares", "Ulimits", "Tmpfs", "RestartPolicy", "ExtraHosts")]
    mounts = [[one["Type"], one["Name"], one["Destination"], one["RW"]] for one in made.attrs["Mounts"]]
    made.remove(v=True)
    client.volumes.get("py-data").remove()
    return [wishes, mounts, made.attrs["Config"]["Env"][0]]


@step("events")
def _():
    begin = int(time.time()) - 30
    events = client.events(since=begin, until=begin + 32, filters={"container": "py-wishes"}, decode=True)
    return [event["Action"] for event in events]


@step("volumes")
def _():
    made = client.volumes.create("py-volume", labels=LABELS)
    listed = [one.name for one in client.volumes.list(filters=FILTERS)]
    made.remove()
    return [made.name, made.attrs["Driver"], listed, client.volumes.list(filters=FILTERS)]


@step("networks")
def _():
    network = client.networks.create("py-net", internal=True, labels=LABELS)
    host = client.containers.run(
        IMAGE, "sleep 1000", detach=True, name="py-host", labels=LABELS, network="py-net"
    )
    said = client.containers.run(
        IMAGE, "ping -c 1 -q py-host", remove=True, labels=LABELS, network="py-net"
    ).decode()
    network.reload()
    members = [one.name for one in network.containers]
    listed = [one.name for one in client.networks.list(filters=FILTERS)]
    host.remove(force=True)
    network.remove()
    return ["1 packets received" in said, members, listed, network.attrs["Internal"]]


@step("images")
def _():
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as tar:
        info = tarfile.TarInfo("file")
        info.size = 2
        tar.addfile(info, io.BytesIO(b"x\n"))
    client.api.import_image_from_data(layer.getvalue(), repository="py-image", tag="one")
    image = client.images.get("py-image:one")
    image.tag("py-image", "two")
    tags = sorted(client.images.get("py-image:one").tags)
    client.images.remove("py-image:one")
    client.images.remove("py-image:two")
    return [tags, client.images.list("py-image")]


@step("prune")
def _():
    create("py-left", "true")
    return len(client.containers.prune(filters=FILTERS)["ContainersDeleted"])


sys.stdout.flush()
