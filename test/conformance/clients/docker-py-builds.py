"""Builds as users of docker-py do. DOCKER_HOST: the engine; CLIENT_IMAGE: an image with busybox."""

import gzip
import io
import json
import os
import re
import tarfile

import docker
from docker.errors import APIError, BuildError

IMAGE = os.environ["CLIENT_IMAGE"]
client = docker.from_env()


def step(name):
    """Runs a step at once and prints what it gave as one line of JSON."""

    def run(work):
        try:
            line = {"step": name, "result": work()}
        except BuildError as error:
            line = {"step": name, "error": {"kind": "BuildError", "message": error.msg, "log": said(error.build_log)}}
        except APIError as error:
            line = {"step": name, "error": {"status": error.status_code, "message": error.explanation}}
        except Exception as error:
            line = {"step": name, "error": {"kind": type(error).__name__, "message": str(error)}}
        print(json.dumps(line), flush=True)

    return run


def put(path, text):
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    with open(path, "w") as file:
        file.write(text)


def said(log):
    """What steps were told and said, without what the two builders number and cache in ways of their own."""
    text = "".join(line.get("stream", "") for line in log)
    return [line for line in text.splitlines() if line and not re.match(r" ---> |Removed intermediate|.*\[Warning\]", line)]


def prints(image):
    return client.containers.run(image, remove=True, network_mode="none").decode()


put("context/Dockerfile", f"""FROM {IMAGE} AS first
ARG WORD=none
ENV WORD=$WORD
COPY . /all
RUN echo built $WORD; ls /all > /list
FROM first
LABEL of=dockerfile
CMD ["cat", "/list"]
""")
put("context/file", "file\n")
put("context/left-out", "no\n")
put("context/.dockerignore", "left-out\n")


@step("a folder")
def _():
    image, log = client.images.build(path="context", tag="py-built:one", buildargs={"WORD": "given"}, labels={"with": "label"}, rm=True)
    return [image.tags, image.labels["of"], image.labels["with"], prints("py-built:one"), said(log)]


@step("again, from the cache")
def _():
    first = client.images.get("py-built:one").id
    image, log = client.images.build(path="context", tag="py-built:two", buildargs={"WORD": "given"}, labels={"with": "label"}, rm=True)
    log = list(log)
    return [image.id == first, sum("Using cache" in line.get("stream", "") for line in log) > 1, sorted(image.tags)]


@step("without the cache, of one stage")
def _():
    image, log = client.images.build(path="context", tag="py-built:stage", target="first", nocache=True, forcerm=True)
    return [image.attrs["Config"]["Cmd"], image.labels.get("of"), "Using cache" in str(list(log))]


@step("a Dockerfile alone")
def _():
    image, log = client.images.build(fileobj=io.BytesIO(f"FROM {IMAGE}\nRUN echo alone\nCMD echo runs\n".encode()), tag="py-built:alone")
    return [prints("py-built:alone"), said(log)]


@step("a Dockerfile outside of the folder")
def _():
    put("outside/other.Dockerfile", f"FROM {IMAGE}\nCOPY file /\nCMD cat /file\n")
    client.images.build(path="context", dockerfile=os.path.abspath("outside/other.Dockerfile"), tag="py-built:outside")
    return prints("py-built:outside")


@step("a context of one's own, compressed")
def _():
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as tar:
        for name, text in {"sub/Other": f"FROM {IMAGE}\nADD words /\nCMD cat /words\n", "words": "packed\n"}.items():
            info = tarfile.TarInfo(name)
            info.size = len(text)
            tar.addfile(info, io.BytesIO(text.encode()))
    packed = io.BytesIO(gzip.compress(plain.getvalue()))
    client.images.build(fileobj=packed, custom_context=True, encoding="gzip", dockerfile="sub/Other", tag="py-built:packed")
    return prints("py-built:packed")


@step("limits, hosts and no network")
def _():
    text = f"FROM {IMAGE}\nRUN grep -c other.example /etc/hosts; df -k /dev/shm | tail -1 | awk '{{print $2}}'; ls /sys/class/net\n"
    _, log = client.images.build(
        fileobj=io.BytesIO(text.encode()), nocache=True, network_mode="none", extra_hosts={"other.example": "10.1.2.3"},
        shmsize=1 << 25, container_limits={"memory": 1 << 28, "cpushares": 512},
    )
    return [line for line in said(log) if not line.startswith("Step")][:-1]


@step("the stream, decoded")
def _():
    lines = list(client.api.build(path="context", tag="py-built:one", buildargs={"WORD": "given"}, labels={"with": "label"}, decode=True))
    kinds = sorted({key for line in lines for key in line})
    return [kinds, lines[0], "Successfully tagged py-built:one\n" in [line.get("stream") for line in lines]]


@step("quiet")
def _():
    lines = list(client.api.build(path="context", quiet=True, decode=True))
    return [len(lines), re.sub("[0-9a-f]{64}", "ID", lines[0]["stream"])]


@step("a command that fails")
def _():
    client.images.build(fileobj=io.BytesIO(f"FROM {IMAGE}\nRUN echo before; sleep 0.3; echo bad >&2; exit 7\n".encode()))


@step("a file that is not there")
def _():
    put("context/Missing", f"FROM {IMAGE}\nCOPY missing /\n")
    try:
        client.images.build(path="context", dockerfile="Missing")
    except BuildError as error:
        return "missing" in error.msg and "not found" in error.msg


@step("a mistake in the Dockerfile")
def _():
    client.images.build(fileobj=io.BytesIO(f"FROM {IMAGE}\nNONSENSE\n".encode()))


@step("no Dockerfile")
def _():
    client.images.build(path="context", dockerfile="absent")


@step("an empty Dockerfile")
def _():
    client.images.build(fileobj=io.BytesIO(b""))


@step("neither folder nor file")
def _():
    client.images.build()


@step("a stage that is not there")
def _():
    client.images.build(path="context", target="nowhere")


@step("what was cached is pruned")
def _():
    for tag in ["one", "two", "stage", "alone", "outside", "packed"]:
        client.images.remove(f"py-built:{tag}", force=True)
    return sorted(client.api.prune_builds())
