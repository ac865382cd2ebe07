#!/bin/sh
# inside.sh SERVER PROGRAM...: mounts the server's box in a mount namespace, installs its packages with the machine's
# network, then runs PROGRAM in a network and process namespace of its own, where everything dies with it.
here=$(cd "$(dirname "$0")" && pwd)
exec unshare -m sh -c '
    here=$1; server=$2; shift 2
    PYTHONPATH=$here python3 -c "import sasl_servers, senders, servers; \
        b = {**servers.SERVERS, **sasl_servers.SASL, **senders.SENDERS}[\"$server\"].box; b.mount(); b.install()" || exit 1
    PYTHONPATH=$here exec unshare -n -p -f --kill-child "$@"
' inside "$here" "$@"
