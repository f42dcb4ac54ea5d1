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
 * - INT, QUIT and TERM are for the program, which shares the terminal.
 * - Two shells: the outer one leads the terminal's session and ends when the terminal goes (HUP), which makes the
 *   kernel hang the program up as in any terminal; the inner one stays to say how the program ended.
 */
export const paneScript = `#!/bin/sh
if [ "\${CODEPIPER_PANE:-}" != clean ]; then
  exec env -i CODEPIPER_PANE=clean TMUX="\${TMUX:-}" TMUX_PANE="\${TMUX_PANE:-}" TERM="\${TERM:-xterm}" \\
    PATH=/usr/local/bin:/usr/bin:/bin /bin/sh "$0" "$@"
fi
pane_folder=$1 pane_spool=$2 pane_key=$3 pane_part=\${4:-outer}
pane_publish() {
  until printf '%s\\n' "$2" >"$pane_spool/.$pane_key.$1" 2>/dev/null &&
    [ -s "$pane_spool/.$pane_key.$1" ] &&
    mv -f "$pane_spool/.$pane_key.$1" "$pane_spool/$pane_key.$1"; do
    [ -d "$pane_spool" ] || exit 1
    sleep 1
  done
}
trap : INT QUIT TERM

if [ "$pane_part" = inner ]; then
  pane_lost=
  trap 'pane_lost=1' HUP
  unset CODEPIPER_PANE
  . "$pane_folder/launch"
  rm -f "$pane_folder/launch"
  if [ "\${pane_ready:-}" = yes ]; then
    unset pane_ready
    /bin/sh -c 'printf "%s\\n" "$$" >"$0.tmp" && mv -f "$0.tmp" "$0"; exec "$@"' "$pane_folder/pid" "$@"
    pane_code=$?
  else
    echo 'codepiper: the launch file of this session is missing or damaged'
    pane_code=126
  fi
  [ -z "$pane_lost" ] || pane_publish exit "$pane_code"
  exit "$pane_code"
fi

/bin/sh "$0" "$pane_folder" "$pane_spool" "$pane_key" inner
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
 * observes, and an agent must never take silence for a decision.
 */
export const hookScript = `#!/bin/sh
hook_file=$(mktemp "$1/.hook.XXXXXXXXXX" 2>/dev/null) &&
  cat >"$hook_file" 2>/dev/null &&
  mv "$hook_file" "$1/$2.hook-\${hook_file##*.}" 2>/dev/null
exit 0
`;
