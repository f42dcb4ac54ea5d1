import type { ProgramCall } from './programs.ts';
import type { Arg } from './words.ts';
import { isKnown } from './words.ts';

/*
 * Programs that run another one in surroundings of their own: of a package, of a container, of another machine. Who
 * allows `npx *` allows what it runs, so that needs no rule of its own; but it is shown to the rules that deny or ask.
 */

/** Where the command begins: behind the first word of these, behind the options, or as a text in one word. */
interface Runner {
  verbs?: readonly string[];
  /** Options whose value is a script. */
  scripts?: readonly string[];
  /** Words in front of the command: a container, a machine. */
  skips?: number;
  /** Its files are not those of this machine. */
  isElsewhere?: true;
  /** Any word with spaces is a script. */
  hasScripts?: true;
}

const plain: Runner = {};
const packages: Runner = { verbs: ['exec', 'dlx', 'x'], scripts: ['-c', '--call', '--shell-mode'] };
const environment: Runner = { verbs: ['run', 'exec', 'x', 'exec-env', 'shell'] };
const container: Runner = { verbs: ['run', 'exec'], skips: 1, isElsewhere: true, hasScripts: true };

const runners: ReadonlyMap<string, Runner> = new Map<string, Runner>([
  ...['npx', 'bunx', 'pnpx'].map((name): [string, Runner] => [name, { scripts: ['-c', '--call'] }]),
  ...['npm', 'pnpm', 'yarn', 'bun'].map((name): [string, Runner] => [name, packages]),
  ...words(
    'uv poetry pipenv pdm hatch rye pixi bundle mise rtx asdf devbox doppler op sops conda micromamba',
    environment,
  ),
  ...words('docker podman nerdctl kubectl oc docker-compose', container),
  ['ssh', { skips: 1, isElsewhere: true, hasScripts: true }],
  ['direnv', { verbs: ['exec'], skips: 1 }],
  ['aws-vault', { verbs: ['exec'], skips: 1 }],
  ...words('tmux screen hyperfine concurrently expect at entr nodemon', { hasScripts: true }),
  ...words(
    'uvx pipx cross-env dotenv dotenvx systemd-run pkexec runuser setpriv fakeroot xvfb-run dbus-run-session faketime ' +
      'chronic torsocks proxychains proxychains4 setarch linux32 linux64 numactl prlimit choom systemd-inhibit ' +
      'eatmydata rlwrap valgrind perf cpulimit su-exec gosu tini dumb-init gdb lldb coreutils sg',
    plain,
  ),
]);

function words(names: string, runner: Runner): [string, Runner][] {
  return names.split(' ').map((name) => [name, runner]);
}

/** Shows what such a program runs to the rules that deny or ask. */
export function mentionRun(call: ProgramCall): void {
  const runner = runners.get(call.name);
  if (!runner) return;
  const { reading } = call;
  const from = reading.parts.length;
  const scripts = scriptsIn(call.args, runner);
  for (const script of scripts) call.script(script, 'sh');
  for (const start of startsOf(call.args, runner)) call.run(call.args.slice(start));
  const added = reading.parts.splice(from);
  for (const part of added) {
    if (runner.isElsewhere && part.kind !== 'shell') continue;
    reading.parts.push({ ...part, isImplied: true, unreadable: null });
  }
}

function scriptsIn(args: readonly Arg[], { scripts = [], hasScripts }: Runner): string[] {
  return args.flatMap(({ text }, at) => {
    const isValue = scripts.includes(args[at - 1]?.text ?? '');
    return isKnown(text) && (isValue || (hasScripts && /\s/.test(text))) ? [text] : [];
  });
}

/** Where the command may begin: an option may have the word behind it for its value. */
function startsOf(args: readonly Arg[], { verbs, skips = 0 }: Runner): number[] {
  const verb = verbs ? args.findIndex(({ text }) => verbs.includes(text)) : -1;
  if (verbs && verb < 0) return [];
  const dashes = args.findIndex(({ text }, at) => at > verb && text === '--');
  const starts = dashes < 0 ? [] : [dashes + 1];
  let words = 0;
  let sureWords = 0;
  for (let at = verb + 1; at < args.length && starts.length < 4; at++) {
    const text = args[at]?.text ?? '';
    if (text.startsWith('-') || /^[A-Za-z_]\w*=/.test(text)) continue;
    const isPerhapsValue = /^-[^=]*$/.test(args[at - 1]?.text ?? '') && args[at - 1]?.text !== '--';
    if (words >= skips) starts.push(at);
    words += 1;
    if (!isPerhapsValue) sureWords += 1;
    if (sureWords > skips) break;
  }
  return [...new Set(starts)];
}
