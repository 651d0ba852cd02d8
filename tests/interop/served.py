"""What the scripts of this folder share: a CSE of ours, ACME, and children that never outlive a test."""
import os, re, shutil, subprocess, sys, time, urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FOLDER = os.path.join(ROOT, "target", "interop")
ACME_VERSION = "2026.5.3"
ACME_PORTS = {"http": 18080, "coap": 15683, "ws": 18180}
children = []


def program(name):
    """A program of this crate, built for release."""
    built = os.path.join(ROOT, "target", "release", name)
    if not os.path.exists(built):
        what = ["--example", os.path.basename(name)] if name.startswith("examples/") else ["--bin", name]
        subprocess.run(["cargo", "build", "--release", "--quiet", *what], cwd=ROOT, check=True)
    return built


def start(command, **options):
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, **options)
    children.append(child)
    return child


def stop(child):
    child.terminate()
    try:
        child.wait(8)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
    children.remove(child)


def stop_all():
    for child in list(children):
        stop(child)


def cse(*flags):
    """Our CSE on ports of its own: the child, its ports for HTTP and CoAP, and what it said."""
    command = [program("keystorm"), "live", "--cse", "--http", "0", "--coap", "0", "--seconds", "600", *flags]
    child = start(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    line = child.stdout.readline().strip()
    found = re.search(r"http://[\d.]+:(\d+) and coap://[\d.]+:(\d+)", line)
    if not found:
        sys.exit(f"our CSE did not start: {line!r}")
    return child, int(found[1]), int(found[2]), line


def acme(remotes=""):
    """ACME on its ports: the child, or None and why there is none."""
    folder = os.path.join(FOLDER, "acme-venv")
    binary = os.path.join(folder, "bin", "acmecse")
    if not os.path.exists(binary):
        print(f"installing acmecse {ACME_VERSION} into {os.path.relpath(folder, ROOT)}", file=sys.stderr)
        os.makedirs(FOLDER, exist_ok=True)
        done = subprocess.run([sys.executable, "-m", "venv", folder], capture_output=True).returncode
        pip = [os.path.join(folder, "bin", "pip"), "install", "--quiet", f"acmecse=={ACME_VERSION}"]
        if done or subprocess.run(pip, capture_output=True, timeout=600).returncode:
            shutil.rmtree(folder, ignore_errors=True)
            return None, "acmecse cannot be installed here"
    run = os.path.join(FOLDER, "acme-run")
    shutil.rmtree(run, ignore_errors=True)
    os.makedirs(run)
    with open(os.path.join(run, "acme.ini"), "w") as file:
        file.write(f"""[basic.config]
cseType=IN
cseID=id-in
cseName=cse-in
adminID=CAdmin
serviceProviderID=//acme.example.com
networkInterface=127.0.0.1
cseHost=127.0.0.1
httpPort={ACME_PORTS["http"]}
databaseType=memory
logLevel=off
secret=change-me
[cse.registration]
allowedCSROriginators={remotes}
[coap]
enable=true
port={ACME_PORTS["coap"]}
[websocket]
enable=true
port={ACME_PORTS["ws"]}
listenIF=127.0.0.1
""")
    # Its memory is capped; it ends with this script.
    line = 'ulimit -v 4500000; exec "$0" --config acme.ini --headless --db-type memory --base-directory "$PWD"'
    log = open(os.path.join(run, "out.log"), "w")
    child = start(["bash", "-c", line, binary], cwd=run, stdout=log, stderr=log)
    end = time.monotonic() + 60
    while time.monotonic() < end and child.poll() is None:
        if ask(ACME_PORTS["http"], "GET", "cse-in", "CAdmin")[0] == 2000:
            return child, ""
        time.sleep(0.3)
    if child.poll() is None:
        stop(child)
    return None, f"ACME does not answer; see {os.path.relpath(run, ROOT)}/out.log"


def ask(port, method, path, origin, body=None, ty=None):
    """One request over HTTP by Python's own client: the response status code (0 without one) and the body."""
    headers = {"X-M2M-Origin": origin, "X-M2M-RI": "py", "X-M2M-RVI": "4", "Accept": "application/json"}
    if body is not None:
        headers["Content-Type"] = "application/json" + (f";ty={ty}" if ty else "")
    url = f"http://127.0.0.1:{port}/{path}"
    request = urllib.request.Request(url, body and body.encode(), headers, method=method)
    try:
        answer = urllib.request.urlopen(request, timeout=10)
    except urllib.error.HTTPError as error:
        answer = error
    except OSError:
        return 0, ""
    return int(answer.headers.get("X-M2M-RSC") or 0), answer.read().decode(errors="replace")


def version(command):
    """The first line in which a program says its version, or None if it is absent."""
    if not shutil.which(command[0]):
        return None
    done = subprocess.run(command, capture_output=True, text=True)
    return (done.stdout + done.stderr).strip().splitlines()[0]
