#!/usr/bin/env bash
# cancel.sh JOB...
set -euo pipefail
. "$(dirname "$0")/scheduler.sh"
if [ "$scheduler" = lsf ]; then exec bkill "$@"; fi
exec qdel "$@"
