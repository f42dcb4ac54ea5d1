/*
 * Command patterns of the starter sets. A program is named alone and with arguments (`ls`, `ls *`), never as `ls*`.
 * What its options could write or run is taken out again by negatives: then no rule speaks of the command, and the
 * default or a later rule of the set does.
 */

function alone(programs: string): string[] {
  return programs.split(' ').flatMap((program) => [program, `${program} *`]);
}

/** One dash, other letters, and one of these; a dozen letters are taken to hold it. */
function letter(letters: string): string {
  const other = '[a-zA-Z0-9]';
  const before = Array.from({ length: 12 }, (_, count) => `${other.repeat(count)}[${letters}]`);
  return ` -{${[...before, other.repeat(12)].join(',')}}*`;
}

/** Programs that only print, whatever their arguments. What they read is held against the rules for `read`. */
const printing = [
  ...alone('pwd ls cat head tail wc nl tac rev cut paste tr fold expand unexpand column comm cmp diff'),
  ...alone('grep egrep fgrep stat du df basename dirname realpath readlink which type whereis'),
  ...alone('echo printf true false : test seq sleep md5sum sha1sum sha224sum sha256sum sha384sum sha512sum'),
  ...alone('shasum cksum b2sum od hexdump strings uname id whoami groups exit return read'),
  '\\[ *',
  ...[
    'hostname',
    'uptime',
    'nproc',
    'free',
    'free -h',
    'free -m',
    'ps',
    'ps aux',
    'ps -ef',
    'ps -e',
    'ps -A',
  ],
  ...[
    'date',
    'date -u',
    'date -I',
    'date -R',
    'date +*',
    'date -u +*',
    '!date * -*',
    '!date * *[0-9][0-9][0-9][0-9]',
  ],
  ...['clear', 'wait', 'jobs', 'break', 'continue', 'shift', 'popd'],
  ...['cd *', 'pushd *', '!cd -*', '!pushd -*'],
  ...['set -e', 'set -u', 'set -x', 'set -eu', 'set -ex', 'set -eux', 'set -o pipefail'],
  ...['set -euo pipefail', 'set -eo pipefail', 'set -exo pipefail', 'set -euxo pipefail'],
  '{node,npm,python,python3,git,docker,gcc,make,bash,tmux,rg,jq,java} --version',
  '{node,npm} -v',
  'go version',
  // `strings @file` takes its options from the file, and complains about them word by word.
  '!strings*@*',
];

/** Programs that print as long as no option says otherwise. */
const careful = [
  ...alone('sort find rg fd fdfind tree file base64 jq'),
  ...alone('awk'),
  // With a second file `uniq` writes that.
  ...['uniq', 'uniq [!-]*', 'uniq -{c,d,u,i,cd,ci,dc,ic}{, [!-]*}', '!uniq [!-]* *', '!uniq -* * *'],
  ...[`!sort*${letter('oT')}`, '!sort *--[!rnuhgcmsvzk]*', '!sort *--com*'],
  ...[
    '!find *-exec*',
    '!find *-ok*',
    '!find *-delete*',
    '!find *-fprint*',
    '!find *-fls*',
    '!find *-files0*',
  ],
  ...['!rg *--pre*', '!rg *--hostname-bin*', '!rg *--search-zip*', `!rg*${letter('z')}`],
  ...[`!{fd,fdfind}*${letter('xX')}`, '!{fd,fdfind} *--ex*'],
  ...[`!tree*${letter('oR')}`, '!tree *--ou*'],
  ...[`!file*${letter('CzZm')}`, '!file *--c*', '!file *--u*', '!file *--m*'],
  ...[`!base64*${letter('o')}`, '!base64 *--o*'],
  ...['!jq *env*', '!jq *ENV*', '!jq *input_filename*', `!jq*${letter('L')}`, '!jq *--lib*'],
  '!jq *{import,include}*"*',
];

/** sed as long as it prints; scripts of it that run commands or write are no longer readable. */
const sed = ['sed *', `!sed*${letter('i')}`, '!sed *--i*'];

const gitVerbs =
  'status log diff show blame annotate shortlog describe rev-parse rev-list ls-files ls-tree cat-file merge-base ' +
  'name-rev grep for-each-ref show-ref show-branch check-ignore check-attr diff-tree diff-index diff-files ' +
  'whatchanged count-objects cherry range-diff';

/** git where it only looks. Settings given as options are taken for what they may be: commands. */
const git = [
  ...gitVerbs.split(' ').flatMap((verb) => [`git {,--no-pager }${verb}`, `git {,--no-pager }${verb} *`]),
  'git {,--no-pager }branch{, -a, -r, -v, -vv, -av, -avv, --all, --list, --show-current}',
  'git {,--no-pager }tag{, -l, --list}',
  'git {remote,remote -v,stash list,worktree list,submodule status,reflog,version}',
  'git {,--no-pager }{remote get-url [a-zA-Z]*,symbolic-ref HEAD,symbolic-ref --short HEAD}',
  'git config {--get ,}user.{name,email}',
  // A git in another directory is also held against the patterns without it.
  'git {,--no-pager }-C *',
  ...['!git *--ou*', '!git *--ext*', '!git *--textc*', '!git *--op*', '!git *--no-i*', '!git *--filt*'],
  ...[`!git *grep*${letter('O')}`, `!git *diff*${letter('O')}`, '!git *--{contents,exec,upload,receive}*'],
];

/** Programs that only run another one, which is judged for itself. */
const wrapping = [
  ...alone('xargs time'),
  ...['timeout *', 'nice *', 'stdbuf *', 'command *', 'builtin *'],
  ...['{bash,sh} -c *', 'bash -lc *'],
];

/** Lists of patterns of commands that only look, each for one rule. */
export const readingCommands: readonly (readonly string[])[] = [printing, careful, sed, git, wrapping];

/** Plain work with files. What they write and read is held against the rules for `write` and `read`. */
export const fileCommands: readonly string[] = [...alone('mkdir touch cp mv rmdir tee'), 'sed *'];

/** Programs of `readingCommands` whose paths are looked at as such: they lead later paths out of the workspace. */
export const movingPrograms: readonly string[] = ['cd', 'pushd', 'git'];
