/** How a busy program of the fleet prints. */
export type Printing = 'steady' | 'bursts' | 'redraw' | 'full-screen' | 'status';

export interface FleetProgram {
  printing: Printing;
  /** Lines, or redraws, in a second. */
  rate: number;
  seed: number;
  /** It ends by itself after this long, in seconds; 0: never. */
  life: number;
  /** It prints as soon as the first file is there, until the second is. */
  goFile: string;
  stopFile: string;
}

/** What is on its screen when it has printed everything. */
export const stoppedMark = 'nothing follows';

/**
 * The age of what a screen shows, in milliseconds; null where no program of the fleet has printed yet, or the last thing
 * it said is that it rests.
 */
export function ageOf(lines: readonly string[], now: number): number | null {
  const stamps = [...lines.join('\n').matchAll(/@(\d{13})([@!])/g)];
  const last = stamps.reduce<{ at: number; rests: boolean } | null>((newest, [, time, end]) => {
    const at = Number(time);
    return newest && newest.at > at ? newest : { at, rests: end === '!' };
  }, null);
  return last && !last.rests ? Math.max(0, now - last.at) : null;
}

/** A program for `node -e`: prints as agents do, each piece with the time, and heeds what size it has. */
export function fleetProgram(options: FleetProgram): string {
  return `const options = ${JSON.stringify(options)}, mark = ${JSON.stringify(stoppedMark)};\n${body}`;
}

const body = String.raw`
const { existsSync } = require('node:fs');
const { stdin, stdout } = process;
const { printing, rate, life, goFile, stopFile } = options;
let state = options.seed >>> 0;
const random = (most) => ((state = (Math.imul(state, 1664525) + 1013904223) >>> 0) >>> 8) % most;
const words = ['reading', 'src/index.ts', '漢字', 'grün', '😀', '✓ passed', 'const value = 42;', '└──', 'édité', 'tokens'];
// xterm.js fills what a wrap leaves empty with the look of the moment, tmux does not: no background where a line may wrap,
// and no line under or through a wide character, which may leave the cell before the edge to its look.
const unlined = [0, 1, 2, 3].map(String);
const looks = [...unlined, '4', '9'];
const grounds = () => [...looks, '7', '38;5;' + random(256), '48;2;10;' + random(256) + ';90'];
const sentence = (cells, wraps = true) => {
  let text = '';
  for (let used = 0; used < cells; ) {
    const word = words[random(words.length)];
    const isWide = /[漢😀]/u.test(word);
    const all = isWide && wraps ? unlined : isWide || wraps ? looks : grounds();
    text += '\x1b[' + all[random(all.length)] + 'm' + word + '\x1b[0m ';
    used += word.length + 2;
  }
  return text;
};
const stamp = (end = '@') => '@' + Date.now() + end;
const line = () => stamp() + ' ' + sentence(random(120)) + '\r\n';
const draw = () => {
  let text = '\x1b[?2026h\x1b[H' + stamp() + '\x1b[K';
  for (let row = 2; row <= stdout.rows; row++)
    text += '\x1b[' + row + 'H' + sentence(Math.max(1, stdout.columns - 25), false) + '\x1b[K';
  return text + '\x1b[?2026l';
};
const status = () => '\r\x1b[2A\x1b[J' + (random(4) ? '' : line()) + sentence(20) + '\r\n' + stamp() + '\r\n> ';
const burst = (tick) => {
  const at = tick % (rate * 8);
  if (at > rate * 2) return '';
  return at === rate * 2 ? stamp('!') + '\r\n' : Array.from({ length: 20 }, line).join('');
};
const pieces = {
  steady: line,
  bursts: burst,
  redraw: draw,
  'full-screen': draw,
  status,
};
stdin.setRawMode(true);
stdin.resume();
let [tick, isStopped] = [0, false];
const started = Date.now();
const timer = setInterval(() => {
  if (!existsSync(goFile) || isStopped) return;
  if (existsSync(stopFile)) {
    isStopped = true;
    clearInterval(timer);
    setInterval(() => {}, 1 << 30);
    stdout.write('\x1b[0m\x1b[2;1H\x1b[K' + mark);
    return;
  }
  if (tick === 0 && printing === 'full-screen') stdout.write('\x1b[?1049h');
  // Who cannot get rid of what it prints leaves some of it out.
  if (stdout.writableLength < 1e6) stdout.write(pieces[printing](tick));
  tick++;
  if (life > 0 && Date.now() - started > life * 1000) process.exit(random(3));
}, 1000 / rate);
`;
