#!/usr/bin/env bash
# A Slurm of one node on loopback, for tests: without systemd and cgroups, with fake GPUs. As root, on Debian:
#   apt-get install --no-install-recommends slurm-wlm munge        (+ slurmdbd mariadb-server for accounting)
#   cluster.sh start [--accounting]    everything lies in $SLURM_DIR, but for the link /etc/slurm/slurm.conf: a job
#                                      step of Snakemake drops SLURM_CONF, so its srun looks there and nowhere else
#   cluster.sh stop                    ends the jobs and the processes that start began, and no other
#   cluster.sh crash                   the node loses its power: slurmd and all that ran on it are gone at once
#   cluster.sh boot                    the node comes back
set -euo pipefail
DIR=${SLURM_DIR:-/tmp/mebench-slurm}
GPUS=${SLURM_GPUS:-2}
CPUS=${SLURM_CPUS:-16}      # more than there are: trainings of tests sleep most of the time
MEMORY_MB=${SLURM_MEMORY_MB:-60000}
FIRST_PORT=${SLURM_FIRST_PORT:-26817} # this one and the next three
REMEMBER=${SLURM_REMEMBER:-600} # seconds that the controller knows of a finished job
CONTROLLER_PORT=$FIRST_PORT NODE_PORT=$((FIRST_PORT + 1)) DBD_PORT=$((FIRST_PORT + 2)) SQL_PORT=$((FIRST_PORT + 3))
NODE=$(hostname -s)
LINK=/etc/slurm/slurm.conf
export SLURM_CONF=$DIR/slurm.conf
umask 022

die() { echo "cluster.sh: $*" >&2; exit 1; }

ours() { [ "$(readlink $LINK 2>/dev/null)" = "$SLURM_CONF" ]; }

wait_for() { # SECONDS COMMAND...: until the command succeeds
  local end=$((SECONDS + $1)); shift
  until "$@" >/dev/null 2>&1; do [ $SECONDS -lt $end ] || return 1; sleep 0.1; done
}

pid_of() { cat "$DIR/run/$1.pid" 2>/dev/null; }

end() { # NAME: the process that start wrote down under this name
  local pid; pid=$(pid_of "$1") || return 0
  kill "$pid" 2>/dev/null || true
  wait_for 8 eval "! kill -0 $pid" || kill -9 "$pid" 2>/dev/null || true
  rm -f "$DIR/run/$1.pid"
}

stop() {
  if ours && [ -n "$(pid_of slurmctld)" ]; then
    timeout 5 scancel --user="$(id -un)" 2>/dev/null || true
    wait_for 10 no_jobs || timeout 5 scancel --signal=KILL --user="$(id -un)" 2>/dev/null || true
  fi
  for name in slurmd slurmctld slurmdbd mariadbd munged; do end $name; done
  if ours; then rm -f $LINK; fi
}

no_jobs() { local jobs; jobs=$(timeout 5 squeue --noheader) && [ -z "$jobs" ]; }

node_is() { timeout 5 sinfo --noheader --format=%T | grep -Eq "^($1)$"; }

munge() { # with a key and a socket of its own: a munged of the system is not disturbed
  [ -s "$DIR/munge/key" ] || (umask 077; head -c 1024 /dev/urandom >"$DIR/munge/key")
  /usr/sbin/munged --force --key-file="$DIR/munge/key" --socket="$DIR/run/munge.socket" --num-threads=2 \
    --pid-file="$DIR/run/munged.pid" --log-file="$DIR/log/munged.log" --seed-file="$DIR/munge/seed"
}

sql() { mariadb --no-defaults --socket="$DIR/run/sql.socket" --user=root "$@"; }

accounting() { # mariadbd and slurmdbd, so that sacct works
  [ -d "$DIR/db/mysql" ] || mariadb-install-db --no-defaults --user=root --datadir="$DIR/db" --skip-test-db \
    --auth-root-authentication-method=normal >"$DIR/log/mariadb-install.log" 2>&1
  mariadbd --no-defaults --user=root --datadir="$DIR/db" --socket="$DIR/run/sql.socket" --bind-address=127.0.0.1 \
    --port="$SQL_PORT" --pid-file="$DIR/run/mariadbd.pid" --innodb-buffer-pool-size=64M \
    --innodb-lock-wait-timeout=900 >"$DIR/log/mariadbd.log" 2>&1 &
  wait_for 30 sql --execute='select 1' || die "mariadbd did not start, see $DIR/log/mariadbd.log"
  local password; password=$(head -c 12 /dev/urandom | od -An -tx1 | tr -d ' \n') # of a database on loopback alone
  sql --execute="create database if not exists slurm;
    create or replace user slurm@'127.0.0.1' identified by '$password'; grant all on slurm.* to slurm@'127.0.0.1'"
  (umask 077; cat >"$DIR/slurmdbd.conf" <<CONF
AuthType=auth/munge
AuthInfo=socket=$DIR/run/munge.socket
DbdHost=localhost
DbdAddr=127.0.0.1
DbdPort=$DBD_PORT
SlurmUser=root
StorageType=accounting_storage/mysql
StorageHost=127.0.0.1
StoragePort=$SQL_PORT
StorageUser=slurm
StoragePass=$password
StorageLoc=slurm
LogFile=$DIR/log/slurmdbd.log
PidFile=$DIR/run/slurmdbd.pid
CONF
  )
  /usr/sbin/slurmdbd
  wait_for 30 eval "exec 3<>/dev/tcp/127.0.0.1/$DBD_PORT" || die "slurmdbd did not start, see $DIR/log/slurmdbd.log"
}

accounting_settings() {
  cat <<CONF
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=127.0.0.1
AccountingStoragePort=$DBD_PORT
# no password but the socket at which slurmdbd is told who asks
AccountingStoragePass=$DIR/run/munge.socket
AccountingStorageTRES=gres/gpu
CONF
}

configure() { # [accounting]
  for i in $(seq 0 $((GPUS - 1))); do [ -e "$DIR/dev/gpu$i" ] || mknod "$DIR/dev/gpu$i" c 1 3; done
  echo "NodeName=$NODE Name=gpu Type=fake File=$DIR/dev/gpu[0-$((GPUS - 1))]" >"$DIR/gres.conf"
  cat >"$SLURM_CONF" <<CONF
ClusterName=test
SlurmctldHost=$NODE(127.0.0.1)
SlurmctldPort=$CONTROLLER_PORT
SlurmdPort=$NODE_PORT
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
# a job that is requeued waits as long as a credential holds
AuthInfo=socket=$DIR/run/munge.socket,cred_expire=5
CredType=cred/munge
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
ReturnToService=2
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
GresTypes=gpu
SchedulerParameters=sched_interval=2,bf_interval=2,batch_sched_delay=0
BatchStartTimeout=1
KillWait=5
MinJobAge=$REMEMBER
JobRequeue=1
# memory limits without cgroups: what a job's processes hold is looked at every second
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill,NoShared
StateSaveLocation=$DIR/state
SlurmdSpoolDir=$DIR/spool
SlurmctldPidFile=$DIR/run/slurmctld.pid
SlurmdPidFile=$DIR/run/slurmd.pid
SlurmctldLogFile=$DIR/log/slurmctld.log
SlurmdLogFile=$DIR/log/slurmd.log
$([ -z "${1:-}" ] || accounting_settings)
# the node is what this line says, whatever slurmd finds
SlurmdParameters=config_overrides
NodeName=$NODE NodeAddr=127.0.0.1 CPUs=$CPUS RealMemory=$MEMORY_MB Gres=gpu:fake:$GPUS State=UNKNOWN
PartitionName=gpu Nodes=$NODE Default=YES MaxTime=INFINITE State=UP
PartitionName=cpu Nodes=$NODE MaxTime=INFINITE State=UP
CONF
}

register() { # a cluster, an account and its user, before slurmctld asks for them
  sacctmgr --immediate add cluster test >/dev/null || true # known already after a restart
  sacctmgr --immediate add account lab Cluster=test >/dev/null || true
  sacctmgr --immediate add user "$(id -un)" Account=lab DefaultAccount=lab >/dev/null || true
}

start() { # [accounting]
  [ "$(id -u)" = 0 ] || die "only root can start Slurm's daemons"
  for program in munged slurmctld slurmd; do
    [ -x /usr/sbin/$program ] || die "$program is missing: apt-get install --no-install-recommends slurm-wlm munge"
  done
  if [ -e $LINK ] || [ -L $LINK ]; then ours || die "there is another $LINK; this machine has a Slurm, nothing was done"; fi
  [ -z "$(pid_of slurmctld)" ] || die "it runs already in $DIR"
  rm -rf "$DIR"/{state,spool,db} # jobs of an earlier start
  mkdir -p "$DIR"/{run,log,state,spool,munge,dev,db} "$(dirname $LINK)"
  chmod 700 "$DIR/munge"
  trap 'stop' ERR EXIT
  configure "${1:-}"
  ln -sfn "$SLURM_CONF" $LINK
  munge
  if [ -n "${1:-}" ]; then accounting; register; fi
  /usr/sbin/slurmctld -f "$SLURM_CONF"
  /usr/sbin/slurmd -f "$SLURM_CONF"
  wait_for 20 node_is idle || { tail -n 5 "$DIR"/log/slurm*.log >&2; die "Slurm did not come up"; }
  trap - ERR EXIT
  sinfo --format='%P %D nodes %T, %C CPUs (used/idle/other/all), %m MB, %G'
}

crash() { # all processes of jobs, the slurmstepd above each, and slurmd, without a chance to say so
  local pids parents
  pids=$(scontrol listpids | awk 'NR > 1 && $1 > 0 {print $1}')
  parents=$(for pid in $pids; do awk '/^PPid/ {print $2}' "/proc/$pid/status" 2>/dev/null || true; done | sort -un |
    while read -r pid; do if [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = slurmstepd ]; then echo "$pid"; fi; done)
  # shellcheck disable=SC2086
  kill -9 "$(pid_of slurmd)" $parents $pids 2>/dev/null || true
}

boot() { # what the machine forgot with its power is no longer in its spool
  rm -rf "$DIR"/spool/* "$DIR/run/slurmd.pid"
  sleep 12 # the controller misses a job's processes only when it has begun BatchStartTimeout + 10 s ago
  /usr/sbin/slurmd -f "$SLURM_CONF"
  wait_for 20 node_is 'idle|mixed|allocated' || die "the node did not come back"
}

case "${1:-}" in
  start) if [ "${2:-}" = --accounting ]; then start accounting; else start; fi ;;
  stop | crash | boot) "$1" ;;
  *) die "say start [--accounting], stop, crash or boot" ;;
esac
