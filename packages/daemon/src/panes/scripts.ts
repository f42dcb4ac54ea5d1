/**
 * The shell scripts that stand between tmux and the program. They are files, not arguments: /proc and tmux show
 * every argument to anybody. Both write to the spool by rename, so the daemon never sees half a file, and what they
 * write waits there when no daemon is running.
 */

/**
 * Runs in the pane as `sh pane.sh <folder> <spool> <key>`. `<folder>/launch` holds the environment and the command.
 *
 * - A fresh environment (`env -i`): the tmux server's own, which may be somebody else's, never reaches the program.
 * - When the program has ended, the terminal is asked for its status (DSR): tmux answers once it has read everything
 *   printed before, so the screen that is taken afterwards holds the program's last words.
 * - The exit status goes to the spool, and is written again and again until the disk takes it.
 * - Afterwards the pane is held: its last screen stays readable until the daemon has taken it and ends the tmux
 *   session. A pane with `remain-on-exit` would lose output in control mode and crashes servers up to tmux 3.3a when
 *   something is pasted into it.
 * - What the wrapper writes is private; the program gets the umask the daemon was given.
 * - INT, QUIT and TERM are for the program, which shares the terminal.
 * - Shells say on their standard error that what they ran was killed. It would stand among the program's last words:
 *   only the program has the terminal as its standard error.
 * - Two shells: the outer one leads the terminal's session and ends when the terminal goes (HUP), which makes the
 *   kernel hang the program up as in any terminal; the inner one stays to say how the program ended.
 * - Up to the program's own start nothing but builtins and forks: every further program would make it a millisecond
 *   later. Hence the launch file is emptied, not removed, and a shell without a `$$` of its own reads its id in /proc,
 *   where there is one.
 */
export const paneScript = `#!/bin/sh
if [ "\${CODEPIPER_PANE:-}" != clean ]; then
  exec env -i CODEPIPER_PANE=clean TMUX="\${TMUX:-}" TMUX_PANE="\${TMUX_PANE:-}" TERM="\${TERM:-xterm}" \\
    PATH=/usr/local/bin:/usr/bin:/bin /bin/sh "$0" "$@"
fi
pane_folder=$1 pane_spool=$2 pane_key=$3
umask 077
pane_publish() {
  until printf '%s\\n' "$2" >"$pane_spool/.$pane_key.$1" 2>/dev/null &&
    [ -s "$pane_spool/.$pane_key.$1" ] &&
    mv -f "$pane_spool/.$pane_key.$1" "$pane_spool/$pane_key.$1"; do
    [ -d "$pane_spool" ] || exit 1
    sleep 1
  done
}
trap : INT QUIT TERM
exec 3>&2 2>/dev/null

(
  pane_lost=
  trap : INT QUIT TERM
  trap 'pane_lost=1' HUP
  unset CODEPIPER_PANE
  . "$pane_folder/launch"
  true 2>/dev/null >"$pane_folder/launch"
  if [ "\${pane_ready:-}" = yes ]; then
    (
      if { read -r pane_pid pane_rest </proc/self/stat; } 2>/dev/null; then
        printf '%s\\n' "$pane_pid" 2>/dev/null >"$pane_folder/pid"
        umask "$pane_umask"
        exec "$@"
      fi
      exec /bin/sh -c 'printf "%s\\n" "$$" 2>/dev/null >"$0"; umask "$1"; shift; exec "$@"' \\
        "$pane_folder/pid" "$pane_umask" "$@"
    ) 2>&3 3>&-
    pane_code=$?
  else
    echo 'codepiper: the launch file of this session is missing or damaged'
    pane_code=126
  fi
  [ -z "$pane_lost" ] || pane_publish exit "$pane_code"
  exit "$pane_code"
)
pane_code=$?
trap '' INT QUIT
stty -icanon -echo min 0 time 20 2>/dev/null
printf '\\033[5n'
pane_tries=0
while [ "$pane_tries" -lt 400 ] && pane_reply=$(dd bs=1 count=1 2>/dev/null) &&
  [ -n "$pane_reply" ] && [ "$pane_reply" != n ]; do
  pane_tries=$((pane_tries + 1))
done
pane_publish exit "$pane_code"
trap - TERM
while :; do sleep 86400; done
`;

/**
 * Takes a hook's JSON on stdin: \`sh hook.sh <spool> <key>\`. Prints nothing and succeeds whatever happens: it
 * observes, and an agent must never take silence for a decision. Where it can keep nothing it reads to the end all the
 * same: who writes to it must not find a closed pipe.
 */
export const hookScript = `#!/bin/sh
hook_file=$(mktemp "$1/.hook.XXXXXXXXXX" 2>/dev/null) &&
  cat >"$hook_file" 2>/dev/null &&
  mv "$hook_file" "$1/$2.hook-\${hook_file##*.}" 2>/dev/null ||
  cat >/dev/null 2>&1
exit 0
`;
