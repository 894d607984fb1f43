# Which scheduler this machine has: `scheduler` is pbs, sge or lsf. Sourced by the scripts beside it.
# shellcheck shell=bash
scheduler=${MEBENCH_SCHEDULER:-}
if [ -z "$scheduler" ]; then
  if command -v bsub >/dev/null; then scheduler=lsf
  elif command -v qconf >/dev/null; then scheduler=sge
  elif command -v qsub >/dev/null; then scheduler=pbs
  else echo "no bsub, qconf or qsub here; say export MEBENCH_SCHEDULER=pbs, sge or lsf" >&2; exit 2; fi
fi
case $scheduler in
  pbs | sge | lsf) ;;
  *) echo "MEBENCH_SCHEDULER is '$scheduler'; say pbs, sge or lsf" >&2; exit 2 ;;
esac
