#!/usr/bin/env bash
# status.sh JOB: prints running, success or failed
set -euo pipefail
. "$(dirname "$0")/scheduler.sh"
job=$1
say() { echo "$1"; exit 0; }
case $scheduler in
  pbs) # -x: finished jobs too
    about=$(qstat -x -f "$job" 2>/dev/null) || say running # the server is busy, or does not know it yet
    case $about in
      *"job_state = F"*"Exit_status = 0"* | *"Exit_status = 0"*"job_state = F"*) say success ;;
      *"job_state = F"*) say failed ;;
      *) say running ;;
    esac ;;
  sge)
    if qstat -j "$job" >/dev/null 2>&1; then say running; fi
    about=$(qacct -j "$job" 2>/dev/null) || say running # between the queue and the accounting file
    if grep -Eq '^failed +0' <<<"$about" && grep -Eq '^exit_status +0' <<<"$about"; then say success; fi
    say failed ;;
  lsf)
    case $(bjobs -noheader -o stat "$job" 2>/dev/null) in
      DONE) say success ;;
      EXIT) say failed ;;
      *) say running ;;
    esac ;;
esac
