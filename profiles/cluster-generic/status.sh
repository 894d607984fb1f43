#!/usr/bin/env bash
# status.sh JOB: prints running, success or failed
set -euo pipefail
. "$(dirname "$0")/scheduler.sh"
job=$1
mark=results/logs/scheduler/.unknown-$job
say() { rm -f "$mark"; echo "$1"; exit 0; }
unknown() { # the server is busy, or forgot the job: for ten minutes the former, then the latter
  mkdir -p "${mark%/*}"
  [ -e "$mark" ] || touch "$mark"
  if [ -n "$(find "$mark" -mmin +10)" ]; then say failed; fi
  echo running
  exit 0
}
case $scheduler in
  pbs) # -x: finished jobs too
    about=$(qstat -x -f "$job" 2>/dev/null) || unknown
    case $about in
      *"job_state = F"*"Exit_status = 0"* | *"Exit_status = 0"*"job_state = F"*) say success ;;
      *"job_state = F"*) say failed ;;
      *) say running ;;
    esac ;;
  sge)
    if qstat -j "$job" >/dev/null 2>&1; then say running; fi
    about=$(qacct -j "$job" 2>/dev/null) || unknown # between the queue and the accounting file
    if grep -Eq '^failed +0' <<<"$about" && grep -Eq '^exit_status +0' <<<"$about"; then say success; fi
    say failed ;;
  lsf)
    case $(bjobs -noheader -o stat "$job" 2>/dev/null) in
      DONE) say success ;;
      EXIT) say failed ;;
      "") unknown ;;
      *) say running ;;
    esac ;;
esac
