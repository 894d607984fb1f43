#!/usr/bin/env bash
# submit.sh RULE THREADS MEMORY_MB MINUTES GPUS JOBSCRIPT: submits, and prints the job's id
set -euo pipefail
. "$(dirname "$0")/scheduler.sh"
rule=$1 threads=$2 memory=$3 minutes=$4 gpus=$5 script=$6
logs=results/logs/scheduler
mkdir -p $logs
case $scheduler in
  pbs) # at sites that have no ngpus, or want a queue: here
    qsub -N "mebench-$rule" -j oe -o "$logs/" -l "walltime=$((minutes * 60))" \
      -l "select=1:ncpus=$threads:mem=${memory}mb:ngpus=$gpus" "$script" ;;
  sge) # h_vmem is per slot; the names of the parallel environment and of the GPU differ from site to site
    gpu=(); [ "$gpus" = 0 ] || gpu=(-l "gpu=$gpus")
    qsub -terse -cwd -V -N "mebench-$rule" -j y -o "$logs/" -pe smp "$threads" -l "h_rt=$((minutes * 60))" \
      -l "h_vmem=$((memory / threads + 1))M" "${gpu[@]}" "$script" ;;
  lsf)
    gpu=(); [ "$gpus" = 0 ] || gpu=(-gpu "num=$gpus")
    bsub -J "mebench-$rule" -o "$logs/%J.log" -n "$threads" -R "span[hosts=1]" -M "${memory}MB" -W "$minutes" \
      "${gpu[@]}" "$script" | sed -n 's/^Job <\([0-9]*\)>.*/\1/p' ;;
esac
