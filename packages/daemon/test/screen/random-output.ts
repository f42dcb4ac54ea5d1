/** What a program might print: text and sequences of all kinds, resizes between them. The same for the same seed. */
export type Step = { bytes: Uint8Array } | { cols: number; rows: number };

export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = (seed * 2654435761) >>> 0;
  }

  /** 0 up to, but not including, 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }

  /** A whole number from `low` to `high`, both possible. */
  int(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  pick<T>(list: readonly [T, ...T[]]): T {
    return list[this.int(0, list.length - 1)] ?? list[0];
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }
}

const encoder = new TextEncoder();
const words: readonly [string, ...string[]] = [
  ...([
    'hello',
    'ls -la ',
    'a',
    'The quick brown fox jumps over the lazy dog ',
    '    ',
    '┌──┐│└┘',
    'naïve ',
  ] as const),
  '日本語',
  '漢',
  '한국어',
  '😀',
  '👩‍👩‍👧',
  '❤️',
  'e\u0301',
  'a\u0308\u0301',
  '\u0301',
  'ｆｕｌｌ',
  '\u{1f1e9}\u{1f1ea}',
  '~q`x',
  'ไทย',
  '\u200b',
  '👩\u200d',
  '👍🏽',
  '日',
  '語a',
  'ab',
];
const sgr: readonly [string, ...string[]] = [
  '',
  '0',
  '1',
  '2',
  '3',
  '4',
  '4:3',
  '4:2',
  '21',
  '5',
  '7',
  '8',
  '9',
  '22',
  '23',
  '24',
  '25',
  '27',
  '28',
  '29',
  '53',
  '55',
  '31',
  '92',
  '39',
  '44',
  '105',
  '49',
  '38;5;3',
  '38;5;200',
  '48;5;17',
  '38;2;1;2;3',
  '48;2;200;100;0',
  '58;5;9',
  '58:2::9:8:7',
  '59',
  '1;31;44',
  '38:2::5:6:7',
  '4;7',
  '0;4:5',
];
const modes: readonly [string, ...string[]] = [
  '?1',
  '?6',
  '?7',
  '?7',
  '?12',
  '?25',
  '?45',
  '?66',
  '?9',
  '?1000',
  '?1002',
  '?1003',
  '?1004',
  '?1006',
  '?1016',
  '?2004',
  '?2026',
  '4',
  '4',
  '20',
  '?5',
];

export function randomSteps(random: Random, count: number, size: { cols: number; rows: number }): Step[] {
  const { cols, rows } = size;
  let now = size;
  const steps: Step[] = [];
  for (let index = 0; index < count; index++) {
    if (random.chance(0.02)) {
      now = { cols: random.int(2, cols + 10), rows: random.int(2, rows + 4) };
      steps.push(now);
    } else {
      steps.push({ bytes: encoder.encode(piece(random, now)) });
    }
  }
  return steps;
}

function piece(random: Random, { cols, rows }: { cols: number; rows: number }): string {
  const n = (high: number) => (random.chance(0.3) ? '' : String(random.int(0, high)));
  switch (random.int(0, 31)) {
    case 0:
    case 1:
    case 2:
    case 3:
    case 4:
    case 5:
      return Array.from({ length: random.int(1, 6) }, () => random.pick(words)).join('');
    case 6:
      return 'x'.repeat(random.int(1, cols * 2));
    case 7:
      return `${random.pick(words)}\r\n`;
    case 8:
      return random.pick(['\r\n', '\n', '\r', '\b', '\t', '\x1bD', '\x1bE', '\x1bM', '\n\n\n']);
    case 9:
    case 10:
    case 11:
      return `\x1b[${random.pick(sgr)}m`;
    case 12:
    case 13:
      return `\x1b[${n(rows + 2)};${n(cols + 2)}H`;
    case 14:
      return `\x1b[${n(cols)}${random.pick(['A', 'B', 'C', 'D', 'E', 'F', 'G', 'd', 'I', 'Z', 'a', 'e'])}`;
    case 15:
      return `\x1b[${n(3)}${random.pick(['J', 'K', 'K', 'K'])}`;
    case 16:
      return `\x1b[${n(5)}${random.pick(['@', 'P', 'X', 'L', 'M', 'S', 'T'])}`;
    case 17:
      return `\x1b[${random.int(1, rows)};${random.int(1, rows)}r`;
    case 18:
      return random.chance(0.5) ? '\x1b[r' : '\x1b[?7h\x1b[4l\x1b[?6l';
    case 19:
    case 20:
      return `\x1b[${random.pick(modes)}${random.pick(['h', 'l'])}`;
    case 21:
      return random.pick(['\x1b7', '\x1b8', '\x1b[s', '\x1b[u', '\x1b[?1048h', '\x1b[?1048l']);
    case 22:
      return random.pick([
        '\x1b[?1049h',
        '\x1b[?1049l',
        '\x1b[?47h',
        '\x1b[?47l',
        '\x1b[?1047h',
        '\x1b[?1047l',
      ]);
    case 23:
      return `${random.pick(['\x1b(', '\x1b)', '\x1b*', '\x1b+'])}${random.pick(['0', 'B', 'A', '4', 'K'])}`;
    case 24:
      return random.pick(['\x0e', '\x0f', '\x1bn', '\x1bo']);
    case 25:
      return random.pick(['\x1bH', '\x1b[g', '\x1b[3g', '\t']);
    case 26:
      return random.pick([
        '\x1b]8;;https://example.com/a\x07',
        '\x1b]8;id=7;https://example.com/b\x1b\\',
        '\x1b]8;;\x07',
        '\x1b]8;;\x07',
      ]);
    case 27:
      return random.pick(['\x1b]0;title\x07', '\x1b]2;täg\x1b\\', '\x1b]1;icon\x07']);
    case 28:
      return random.pick([
        '\x1b[1"q',
        '\x1b[0"q',
        '\x1b[?0K',
        '\x1b[?2J',
        `\x1b[${random.int(0, 8)} q`,
        '\x1b[!p',
        '\x1b[b',
        '\x1b[3b',
      ]);
    case 29:
      return random.pick(['\x1b[ @', '\x1b[ A', "\x1b['}", "\x1b['~", '\x1b#8', '\x1b[2 @']);
    case 30:
      return '\r\n'.repeat(random.int(1, rows));
    default:
      return `${random.pick(words)}\x1b[K\r\n`;
  }
}
