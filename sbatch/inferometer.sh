# shellcheck shell=bash
#
# Inferometer in a job script. Source this file, then call
#
#   inferometer_start [options of `inferometer agent`]   one agent on every node of the job, in the background
#   inferometer_stop                                     ends them; returns the status it was entered with
#
# Neither fails the job, changes the shell's options, touches its background jobs or leaves variables but
# INFEROMETER_*. Without Slurm there is one agent, on this machine. Every option but --run-dir can be a variable
# instead: INFEROMETER_PUSHGATEWAY=URL for --pushgateway URL. What this file itself reads:
#
#   INFEROMETER                 the program; else the one beside this folder, else `inferometer` in PATH
#   INFEROMETER_NODEJS          the Node that runs it (default: node)
#   INFEROMETER_RUNS            where runs are recorded (default: ~/.inferometer/runs)
#   INFEROMETER_START_TIMEOUT   seconds to wait for the agents (default: 10)
#
# inferometer_start exports INFEROMETER_RUN_DIR, this run's own directory, for the script's other commands.
#
# Sourced, the file defines the two functions. They run it again as a program of its own: a shell that is nobody
# else's, so whatever options, traps, functions and variables the script has cannot meet ours.

if [[ ${BASH_SOURCE[0]} != "$0" ]]; then
  INFEROMETER_SNIPPET=$(CDPATH='' command cd -P -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)/${BASH_SOURCE[0]##*/} || :
  unset INFEROMETER_PID # of a job that submitted this one

  inferometer_start() {
    if [[ -n ${INFEROMETER_PID:-} ]] && kill -0 "$INFEROMETER_PID" 2>/dev/null; then
      echo "inferometer: WARNING: already started, in $INFEROMETER_RUN_DIR" >&2
      return 0
    fi
    { INFEROMETER_PID=$(bash -p "$INFEROMETER_SNIPPET" start "$@" 3>&1 >&4); } 4>&1 || :
    export INFEROMETER_RUN_DIR=${INFEROMETER_PID#* }
    INFEROMETER_PID=${INFEROMETER_PID%% *}
  }

  inferometer_stop() {
    local inferometer_status=$?
    if [[ -n ${INFEROMETER_PID:-} ]]; then
      bash -p "$INFEROMETER_SNIPPET" stop "$INFEROMETER_PID" "$INFEROMETER_RUN_DIR" || :
      INFEROMETER_PID=
    fi
    return "$inferometer_status"
  }

  return 0
fi

# What srun would take from the job's environment to shape the agents' step. The step's shape is given on the command
# line: one task on every node, in reach of all GPUs, holding nothing.
step_shape=(
  SLURM_NTASKS SLURM_NPROCS SLURM_NTASKS_PER_{NODE,CORE,SOCKET,GPU,TRES} SLURM_OVERCOMMIT SLURM_SPREAD_JOB
  SLURM_DISTRIBUTION SLURM_DIST_PLANESIZE SLURM_HOSTFILE SLURM_ARBITRARY_NODELIST SLURM_USE_MIN_NODES
  SLURM_CPUS_PER_{TASK,GPU} SRUN_CPUS_PER_TASK SLURM_CPU_BIND{,_LIST,_TYPE,_VERBOSE} SLURM_CPU_FREQ_REQ
  SLURM_THREADS SLURM_THREADS_PER_CORE SLURM_THREAD_SPEC SLURM_CORE_SPEC SLURM_HINT SLURM_EXACT SLURM_EXCLUSIVE
  SLURM_MEM_PER_{CPU,GPU,NODE} SLURM_MEM_BIND{,_LIST,_TYPE,_PREFER,_SORT,_VERBOSE}
  SLURM_GPUS SLURM_GPUS_PER_{NODE,SOCKET,TASK} SLURM_GPU_{BIND,FREQ} SLURM_GRES SLURM_GRES_FLAGS SLURM_STEP_GRES
  SLURM_TRES_PER_TASK SLURM_TRES_BIND SLURM_TIMELIMIT SLURM_SIGNAL SLURM_IMMEDIATE SLURM_TEST_EXEC
  SLURM_PROLOG SLURM_EPILOG SLURM_TASK_PROLOG SLURM_TASK_EPILOG SLURM_BCAST SLURM_BCAST_EXCLUDE
  SLURM_CONTAINER SRUN_CONTAINER SLURM_WORKING_DIR SLURM_REMOTE_CWD
)

# What each task runs: `sh -c "$agent_task" sh <job name> <run dir> COMMAND...`. In a step, SLURM_JOB_NAME is the
# step's name, srun's %N the host's rather than the node's, and a component of a heterogeneous job may start as many
# tasks as it was submitted with.
# shellcheck disable=SC2016 # expanded on the node
agent_task='
  [ "$SLURM_LOCALID" = 0 ] || exit 0
  SLURM_JOB_NAME=$1 folder=$2/nodes/$SLURMD_NODENAME
  shift 2
  umask 077
  mkdir -p "$folder" && exec >>"$folder/agent.log" 2>&1
  exec "$@"'

warn() {
  echo "inferometer: WARNING: $*" >&2
}

in_slurm() {
  [[ -n ${SLURM_JOB_ID:-} ]]
}

short_host() {
  local host
  host=$(uname -n)
  echo "${host%%.*}"
}

# option NAME ARGUMENT...: the value of --NAME among the agent's arguments; false when it is not there.
option() {
  local name=$1 value=''
  shift
  while (($# > 0)) && [[ $1 != -- ]]; do
    case $1 in
      "--$name") value=${2:-} ;;
      "--$name="*) value=${1#*=} ;;
    esac
    shift
  done
  [[ -n $value ]] && echo "$value"
}

# per_component NAME: the job's variable NAME, one line for each component of a heterogeneous job.
per_component() {
  local size=${SLURM_HET_SIZE:-0} group name
  if ((size < 2)); then echo "${!1:-}"; fi
  for ((group = 0; size > 1 && group < size; group++)); do
    name=$1_HET_GROUP_$group
    echo "${!name:-}"
  done
}

run_id() {
  local id=${SLURM_HET_JOB_ID:-${SLURM_JOB_ID:-}}
  if [[ -n ${SLURM_ARRAY_JOB_ID:-} ]]; then id=${SLURM_ARRAY_JOB_ID}_${SLURM_ARRAY_TASK_ID:-}; fi
  if ((${SLURM_RESTART_COUNT:-0} > 0)); then id+=.r$SLURM_RESTART_COUNT; fi
  echo "${id:-local-$(date -u +%Y%m%dT%H%M%SZ)-$(short_host)}"
}

node_names() {
  if in_slurm; then
    scontrol show hostnames "$(per_component SLURM_JOB_NODELIST | paste -s -d ,)"
  else
    option node "$@" || short_host
  fi
}

# The fewest GPUs that the job has on any of its nodes; nothing where it has none. A step that does not ask for them
# gets what one task of the job would get, and with --gpus=N a single one on some nodes.
gpus_per_node() {
  scontrol show job --details --oneliner "$SLURM_JOB_ID" 2>/dev/null | grep -oE '\bGRES=gpu[^ ]*' |
    sed -E 's/^GRES=gpu(:[^:(]+)?:([0-9]+).*/\2/' | sort -n | head -n 1
}

# The command that runs Inferometer, in the array `program`; false after a warning when there is none.
find_program() {
  local home found=${INFEROMETER:-}
  home=$(cd -P -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
  if [[ -z $found && -d $home/node_modules ]]; then found=$home/bin/inferometer; fi
  if [[ -z $found && -r $home/dist/inferometer.mjs ]]; then found=$home/dist/inferometer.mjs; fi
  program=("${found:-inferometer}")
  if [[ $found == *.mjs || $found == "$home/bin/inferometer" ]]; then
    program=("${INFEROMETER_NODEJS:-node}" "$found")
  fi
  if ! type -P "${program[0]}" >/dev/null; then
    warn "no program ${program[0]}: this job is not measured" \
      "(INFEROMETER can name Inferometer, INFEROMETER_NODEJS its Node)"
    return 1
  fi
}

# launch RUN_DIR COMMAND...: starts the agents' step, or the one agent, and prints the process id to watch. As a
# grandchild of the job's script it is none of the jobs that the script's own `wait` waits for.
launch() {
  local run_dir=$1 job_name=${SLURM_JOB_NAME:-} log group
  shift
  if in_slurm; then
    log=$run_dir/srun.log
    local nodes=(--nodes="$SLURM_JOB_NUM_NODES") gpus
    gpus=$(gpus_per_node)
    if ((${gpus:-0} > 0)); then nodes+=(--gpus-per-node="$gpus"); fi
    if ((${SLURM_HET_SIZE:-0} > 1)); then nodes=(--het-group=0-$((SLURM_HET_SIZE - 1))); fi
    unset "${step_shape[@]}"
    for ((group = 0; group < ${SLURM_HET_SIZE:-0}; group++)); do unset "${step_shape[@]/%/_HET_GROUP_$group}"; done
    set -- srun --overlap "${nodes[@]}" --ntasks-per-node=1 --cpus-per-task=1 --mem=0 --gpu-bind=none --mpi=none \
      --wait=0 --kill-on-bad-exit=0 --job-name=inferometer --export=ALL --input=none \
      sh -c "$agent_task" sh "$job_name" "$run_dir" "$@"
  else
    log=$run_dir/nodes/$(node_names "$@")/agent.log
  fi
  (umask 077 && mkdir -p "${log%/*}" && : >>"$log") 2>/dev/null || return 1
  "$@" </dev/null >>"$log" 2>&1 3>&- 4>&- &
  echo $!
}

# A zombie is dead: who inherited it may never ask for it.
is_alive() {
  kill -0 "$1" 2>/dev/null || return 1
  [[ ! -r /proc/$1/stat ]] || [[ $(<"/proc/$1/stat") != *") Z "* ]]
}

# One line `<checksum> <size> ./<node>/agent.json` for each agent that has said it is ready. find opens the folders,
# so that a network file system looks again.
ready_lines() {
  cd "$1/nodes" 2>/dev/null || return 0
  find . -name agent.json -exec grep -lZ '"ready": *true' {} + 2>/dev/null | xargs -0 -r cksum 2>/dev/null
}

# Writes `<process id> <run dir>` to descriptor 3 once the agents are on their way.
start() {
  local program pid run_dir run nodes before
  find_program || return
  run=$(option run "$@") || run=${INFEROMETER_RUN:-$(run_id)}
  run_dir=$(option run-dir "$@") || run_dir=${INFEROMETER_RUNS:-${HOME:-.}/.inferometer/runs}/$run
  [[ $run_dir == /* ]] || run_dir=$PWD/$run_dir
  nodes=$(node_names "$@")
  before=$(ready_lines "$run_dir")
  local identity=()
  option run "$@" >/dev/null || identity+=(--run "$run")
  option run-dir "$@" >/dev/null || identity+=(--run-dir "$run_dir")
  if ! pid=$(launch "$run_dir" "${program[@]}" agent "${identity[@]}" "$@"); then
    warn "$run_dir cannot be written: this job is not measured (INFEROMETER_RUNS can name another folder)"
    return
  fi
  echo "$pid $run_dir" >&3
  await_ready
}

# Waits until every node is ready, the agents are gone or the time is over; then says how it stands.
await_ready() {
  local limit=${INFEROMETER_START_TIMEOUT:-10} total missing ready node
  [[ $limit =~ ^[0-9]+$ ]] || limit=10
  limit=$((SECONDS + limit))
  while
    ready=$(ready_lines "$run_dir" | grep -vxF -- "${before:-none}")
    missing=$(for node in $nodes; do [[ $ready == *" ./$node/agent.json"* ]] || echo "$node"; done)
    [[ -n $missing ]] && is_alive "$pid" && ((SECONDS < limit))
  do sleep 0.2; done
  total=$(wc -w <<<"$nodes")
  if [[ -z $missing ]] || is_alive "$pid"; then
    echo "inferometer: run $run, $((total - $(wc -w <<<"$missing"))) of $total nodes ready, recorded in $run_dir"
  fi
  [[ -z $missing ]] || warn_of_missing
}

warn_of_missing() {
  local log=$run_dir/nodes/${missing%%$'\n'*}/agent.log state='is not ready yet'
  [[ -s $log ]] || log=$run_dir/srun.log
  is_alive "$pid" || state='has ended'
  warn "the agent on ${missing//$'\n'/, } $state; the job goes on. Its log, $log, ends with:" \
    "$(tail -n 3 "$log" 2>/dev/null | cut -c 1-300 | paste -s -d ' ')"
}

# The agents' steps, by name: one, or one per component. Asked for the job that gave an array its name, squeue answers
# with the steps of all tasks.
step_ids() {
  local own=$SLURM_JOB_ID jobs
  jobs=$(per_component SLURM_JOB_ID | paste -s -d ,)
  if [[ -n ${SLURM_ARRAY_JOB_ID:-} ]]; then own=${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID; fi
  squeue --noheader --steps --jobs="$jobs" --format='%i %j' | awk -v own="$own,$jobs" '
    BEGIN { count = split(own, jobs, ","); for (i = 1; i <= count; i++) mine[jobs[i]] }
    { job = $1; sub(/[.+].*/, "", job) }
    $2 == "inferometer" && job in mine { print $1 }'
}

stop() {
  local pid=$1 run_dir=$2 limit=$((SECONDS + 15)) steps=''
  if ! is_alive "$pid"; then
    warn "the agents had ended before; see the logs under $run_dir"
    return
  fi
  if in_slurm; then steps=$(step_ids); fi
  if [[ -n $steps ]]; then
    # A TERM to srun would kill its tasks at once; one through scancel reaches them.
    # shellcheck disable=SC2086 # one word each
    scancel --signal=TERM $steps 2>/dev/null
  else
    kill -TERM "$pid" 2>/dev/null
  fi
  while is_alive "$pid" && ((SECONDS < limit)); do sleep 0.1; done
  if is_alive "$pid"; then
    warn "the agents did not end within 15 s; see the logs under $run_dir"
  else
    echo "inferometer: stopped; the record is in $run_dir"
  fi
}

"$@"
